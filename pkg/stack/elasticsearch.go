package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

const defaultHeap = "1g"

var elasticsearchTraits = traits{
	name: elasticsearchName, title: "Elasticsearch " + elasticsearchVersion,
	stop:    syscall.SIGTERM,
	grace:   40 * time.Second,
	startup: 4 * time.Minute,
}

// elasticsearchServer runs the unpacked Elasticsearch in home with a configuration folder of the instance's own, so
// that any number of instances share one home.
type elasticsearchServer struct {
	home, jdk, heap string
	transport       *int // chosen anew at every start: nothing refers to it
}

// StartElasticsearch starts a single node of its own in opts.Dir. As root, a missing JDK is installed; Elasticsearch
// itself is fetched into the cache folder on the first use ever.
func StartElasticsearch(ctx context.Context, opts ServiceOptions) (*Service, error) {
	home, jdk, err := ElasticsearchHome(ctx, NewReporter(opts.Out))
	if err != nil {
		return nil, err
	}
	if opts.Heap == "" {
		opts.Heap = defaultHeap
	}
	return startService(ctx, elasticsearchServer{home: home, jdk: jdk, heap: opts.Heap, transport: new(int)}, opts)
}

func (e elasticsearchServer) traits() traits { return elasticsearchTraits }

func (e elasticsearchServer) url(inst *instance) string { return "http://" + address(inst.port) }

func (e elasticsearchServer) prepare(ctx context.Context, inst *instance) error {
	// A start that was killed leaves a half-written keystore, and the next one then refuses to start.
	for _, dir := range []string{"config", "tmp"} {
		if err := os.RemoveAll(inst.path(dir)); err != nil {
			return fmt.Errorf("clearing %s: %w", inst.path(dir), err)
		}
	}
	for _, dir := range []string{"config", "data", "logs", "tmp"} {
		if err := inst.runAs.own(inst.path(dir)); err != nil {
			return err
		}
	}
	for _, name := range []string{"jvm.options", "log4j2.properties"} {
		content, err := os.ReadFile(filepath.Join(e.home, "config", name))
		if err != nil {
			return fmt.Errorf("reading Elasticsearch's own %s: %w", name, err)
		}
		if err := inst.runAs.writeFile(inst.path("config", name), string(content)); err != nil {
			return err
		}
	}
	port, err := choosePort(ctx, *e.transport)
	if err != nil {
		return err
	}
	*e.transport = port
	return inst.runAs.writeFile(inst.path("config", "elasticsearch.yml"), renderElasticsearch(inst, port))
}

// command starts the launcher, which starts the server below it. The script is not marked executable in the archive.
func (e elasticsearchServer) command(inst *instance) command {
	return command{
		path: "/bin/bash",
		args: []string{filepath.Join(e.home, "bin", "elasticsearch-cli")},
		env: []string{
			"CLI_NAME=server", "CLI_LIBS=lib/tools/server-cli",
			"ES_JAVA_HOME=" + e.jdk, "ES_JAVA_OPTS=-Xms" + e.heap + " -Xmx" + e.heap,
			"ES_PATH_CONF=" + inst.path("config"), "ES_TMPDIR=" + inst.path("tmp"), "HOME=" + inst.path("tmp"),
		},
		dir: inst.path("tmp"),
	}
}

// ready wants every primary shard at hand, so that the first search after a restart finds everything. Should shards be
// lost, the node counts as ready after a while: repairing an index is not ours.
func (e elasticsearchServer) ready(ctx context.Context, inst *instance) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	url := e.url(inst) + "/_cluster/health?wait_for_status=yellow&timeout=10s"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	_, readErr := io.Copy(io.Discard, response.Body)
	err = errors.Join(readErr, response.Body.Close())
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusRequestTimeout {
		err = errors.Join(err, fmt.Errorf("it answers %s", response.Status))
	}
	return err
}

// renderElasticsearch is the whole elasticsearch.yml. The disk watermarks are sizes, not shares: on a large, well-filled
// disk the default shares would make every index read-only.
func renderElasticsearch(inst *instance, transport int) string {
	base := map[string]string{
		"cluster.name":           "aforro",
		"node.name":              "aforro",
		"discovery.type":         "single-node",
		"xpack.security.enabled": "false", // it listens on loopback only
		"network.host":           loopback,
		"http.port":              strconv.Itoa(inst.port),
		"transport.port":         strconv.Itoa(transport),
		"path.data":              inst.path("data"),
		"path.logs":              inst.path("logs"),
		"cluster.routing.allocation.disk.watermark.low":         "2gb",
		"cluster.routing.allocation.disk.watermark.high":        "1gb",
		"cluster.routing.allocation.disk.watermark.flood_stage": "500mb",
	}
	return "# Written at every start; changes here are lost.\n" + render(merged(base, inst.settings), ": ", quoteDouble)
}

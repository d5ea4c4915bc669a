package stack

import "io"

// Names of the services: folder names in the data folder and words in messages.
const (
	postgresName      = "postgres"
	redisName         = "redis"
	elasticsearchName = "elasticsearch"
)

// Options says what Start brings up and how. The zero value starts all three, durable, on usual ports where free.
type Options struct {
	// DataDir holds data, passwords and secrets; ChooseDataDir decides when it is empty.
	DataDir string
	// PostgresURL, RedisURL and ElasticsearchURL name services that exist: they are used, not started.
	PostgresURL      string
	RedisURL         string
	ElasticsearchURL string
	// Out receives one line a step and progress; nil discards both.
	Out io.Writer
	// Heap is Elasticsearch's heap in JVM notation; 1g when empty.
	Heap string
	// PostgresSettings are added to (and win over) our postgresql.conf; likewise the other two.
	PostgresSettings      map[string]string
	RedisSettings         map[string]string
	ElasticsearchSettings map[string]string
	// Volatile gives up durability for speed: for tests only.
	Volatile bool
	// FreePorts takes any free port at once instead of the usual ones.
	FreePorts bool
}

// ServiceOptions says how one service is started on its own.
type ServiceOptions struct {
	// Dir is the folder of this instance; it is made where missing. The service user must be able to reach it.
	Dir string
	// Port is taken if free, else any free one; 0 takes any free one. A port used before in Dir comes first.
	Port int
	// Out receives one line a step; nil discards them.
	Out io.Writer
	// Heap is Elasticsearch's heap in JVM notation (1g when empty); the others ignore it.
	Heap string
	// Settings are added to (and win over) what we write into the service's configuration.
	Settings map[string]string
	// Volatile gives up durability for speed: for tests only.
	Volatile bool
}

func (o Options) service(dir string, port int, settings map[string]string) ServiceOptions {
	if o.FreePorts {
		port = 0
	}
	return ServiceOptions{Dir: dir, Port: port, Out: o.Out, Heap: o.Heap, Settings: settings, Volatile: o.Volatile}
}

package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The role (a superuser: it makes publications and slots) and the database that the product uses.
const (
	postgresUser     = "aforro"
	postgresDatabase = "aforro"
	postgresConfig   = "aforro.conf"
)

var postgresTraits = traits{
	name: postgresName, title: "PostgreSQL",
	stop:    syscall.SIGINT, // "fast": ends sessions, writes a checkpoint
	grace:   60 * time.Second,
	startup: 5 * time.Minute, // recovery after a crash reads all WAL since the last checkpoint
}

// postgresServer runs PostgreSQL from the folder of its programs.
type postgresServer struct {
	bin   string
	major string
}

// StartPostgres starts a PostgreSQL of its own in opts.Dir: logical replication on, password required, durable unless
// told otherwise. The database "aforro" is there. As root, missing packages are installed.
func StartPostgres(ctx context.Context, opts ServiceOptions) (*Service, error) {
	if err := ensurePackages(ctx, NewReporter(opts.Out), needPostgres); err != nil {
		return nil, err
	}
	bin, major, err := findPostgres(filepath.Join(opts.Dir, "data"))
	if err != nil {
		return nil, err
	}
	return startService(ctx, postgresServer{bin: bin, major: major}, opts)
}

func (p postgresServer) traits() traits {
	named := postgresTraits
	named.title += " " + p.major
	return named
}

func (p postgresServer) url(inst *instance) string {
	return fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable", postgresUser, inst.password, address(inst.port), postgresDatabase)
}

func (p postgresServer) prepare(_ context.Context, inst *instance) error {
	if !exists(inst.path("data", "PG_VERSION")) {
		if err := p.initialise(inst); err != nil {
			return err
		}
	}
	return inst.runAs.writeFile(inst.path("data", postgresConfig), renderPostgres(inst))
}

// initialise makes the cluster beside its final place and moves it there when complete: a half-made one is never used.
func (p postgresServer) initialise(inst *instance) error {
	fresh := inst.path("data.new")
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("clearing %s: %w", fresh, err)
	}
	if err := inst.runAs.own(fresh); err != nil {
		return err
	}
	if err := p.initdb(inst, fresh); err != nil {
		return err
	}
	if err := os.Rename(fresh, inst.path("data")); err != nil {
		return fmt.Errorf("putting the new cluster in place: %w", err)
	}
	return nil
}

func (p postgresServer) initdb(inst *instance, fresh string) (err error) {
	secret := inst.path("initdb-password")
	if err := inst.runAs.writeFile(secret, inst.password+"\n"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, removeIfThere(secret)) }()
	args := []string{"-D", fresh, "-U", postgresUser, "--auth=scram-sha-256", "--pwfile=" + secret, "-E", "UTF8", "--locale=C.UTF-8"}
	if inst.volatile {
		args = append(args, "--no-sync")
	}
	if _, err := runOnce(command{path: filepath.Join(p.bin, "initdb"), args: args, dir: fresh}, inst.runAs, ""); err != nil {
		return err
	}
	if err := appendLine(filepath.Join(fresh, "postgresql.conf"), "include_if_exists = '"+postgresConfig+"'"); err != nil {
		return err
	}
	single := command{path: filepath.Join(p.bin, "postgres"), args: []string{"--single", "-D", fresh, "postgres"}, dir: fresh}
	_, err = runOnce(single, inst.runAs, "CREATE DATABASE "+postgresDatabase+"\n")
	return err
}

func (p postgresServer) command(inst *instance) command {
	data := inst.path("data")
	return command{path: filepath.Join(p.bin, "postgres"), args: []string{"-D", data}, dir: data}
}

func (p postgresServer) ready(_ context.Context, inst *instance) error {
	args := []string{"-q", "-h", loopback, "-p", strconv.Itoa(inst.port), "-t", "2"}
	_, err := runOnce(command{path: filepath.Join(p.bin, "pg_isready"), args: args, dir: inst.dir}, inst.runAs, "")
	return err
}

// renderPostgres is our part of the configuration; what it does not name stays PostgreSQL's default.
func renderPostgres(inst *instance) string {
	base := map[string]string{
		"listen_addresses":        loopback,
		"port":                    strconv.Itoa(inst.port),
		"unix_socket_directories": "",
		"password_encryption":     "scram-sha-256",
		"wal_level":               "logical",
		"max_replication_slots":   "120",
		"max_wal_senders":         "120",
		"max_slot_wal_keep_size":  "8GB", // a forgotten slot is lost, not the disk
		"max_connections":         "200",
		"shared_buffers":          "256MB",
		"work_mem":                "8MB",
		"maintenance_work_mem":    "128MB",
		"effective_cache_size":    "1GB",
		"max_wal_size":            "2GB",
		"random_page_cost":        "1.1",
		"jit":                     "off", // compiling costs more than our short queries
		"timezone":                "UTC",
		"log_timezone":            "UTC",
	}
	if inst.volatile {
		base = merged(base, map[string]string{"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"})
	}
	return "# Written at every start; changes here are lost.\n" + render(merged(base, inst.settings), " = ", quotePostgres)
}

func appendLine(path, line string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	// Written in place: the file keeps its owner and mode.
	if err := os.WriteFile(path, []byte(strings.TrimRight(string(content), "\n")+"\n"+line+"\n"), 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

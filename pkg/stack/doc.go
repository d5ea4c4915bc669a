// Package stack finds or starts the real services that Aforro runs on: PostgreSQL, Redis and Elasticsearch, natively,
// without a container engine. It knows nothing of shops; it knows packages, processes, ports, folders and secrets.
//
// Start brings all three up for one data folder; StartPostgres, StartRedis and StartElasticsearch bring up one, for
// tests that stop, kill or block a service of their own.
//
// # Folders
//
// The data folder holds one folder a service (postgres, redis, elasticsearch), each with its data, its configuration
// (written anew at every start), its log, its password (0600) and state.json: the process id and the kernel's start
// time of the running child. secrets.json (0600) holds the keys of the product itself. The unpacked Elasticsearch is
// shared by all instances and lives in a cache folder; it is fetched once and never written to.
//
// # Processes
//
// Every child runs in a session of its own, so that Ctrl-C in a terminal reaches only us and the order of stopping is
// ours. As root the children run as the system user aforro. What a killed run left behind is found by process id,
// start time and command line together, and stopped before the next start.
//
// # Memory
//
// All parts together stay within 6 GiB:
//
//	PostgreSQL      1.25 GiB  shared_buffers 256 MB, work_mem 8 MB, maintenance_work_mem 128 MB
//	Redis           0.75 GiB  maxmemory 512 MB (noeviction), the rest for rewriting its log
//	Elasticsearch   2.25 GiB  heap 1 GiB, half of it again off the heap, the launcher's 64 MB
//	Aforro itself   1.50 GiB
package stack

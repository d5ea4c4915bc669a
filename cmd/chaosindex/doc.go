// Command chaosindex proves that the index is equal to the database again, by
// itself, whatever happens.
//
// It starts PostgreSQL and Elasticsearch of its own, durable, puts toxiproxy
// before them, and runs two indexers as processes. While writers change the
// catalogue all the time and one reindex follows the other, it causes every fault
// once in order, and then drawn from a seed. After each it waits, with the writers
// still writing, until a change is found by a search and `aforro verify` finds no
// difference, and prints how long that took.
//
// The same seed gives the same faults in the same order and the same statements of
// each writer; how they meet is up to the machine. Exit code 1 when anything does
// not heal in time, or is off.
package main

// Command bench prints how fast Aforro is, each figure as a ratio to a named
// reference measured in the same run, several rounds with their spread. It is
// a program, not a test: it fails only when it cannot measure.
//
// Orders are measured on request (make bench-orders). The reference there is
// pgbench with the writes of an order on the same schema and server, 64 clients
// (orders_reference.go). The product is an API and a worker as processes of
// their own, and 64 connections of a client that costs little (orders_client.go);
// an order counts when the answer says CONFIRMED. PostgreSQL is durable, or
// nothing is measured. Before each load dead rows and dirty pages of the last are
// put away; after each the orders that are still PENDING are watched; in the end
// the database is compared with what the clients were told. Beside each figure
// stands where the machine's processor time went: on a machine that others use,
// that tells whether the round is worth anything.
package main

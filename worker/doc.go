// Package worker decides orders and sends what follows from a decision. One
// file a kind of task, the sweeper, the expirer, which gives back what
// reservations hold whose time is over, and the auditor.
//
// A decision is one transaction in PostgreSQL for all orders that wait together,
// and deciding is idempotent. The queue only wakes the worker, so every way of
// losing a task ends in the same place: the order is PENDING in PostgreSQL, and
// the sweeper of any worker decides it when it is RedriveAfter old, without
// asking the queue anything.
//
// The worker never decides what an order is worth or whether stock is enough:
// that is package order's. It keeps nothing that another worker would need.
package worker

// Package queue is the adapter for the task queue and for announcements, both
// in Redis: with package cache the only importer of go-redis, and the only one
// of asynq.
//
// The queue only wakes workers. A task carries an order's id and nothing else,
// and losing every task loses no order: PostgreSQL knows which are PENDING.
// Task ids are "order:<id>" and "confirmation:<id>", so that an order is queued
// once; retention is zero, so that an id is free again when its task is done.
//
// While Redis is away nothing here waits for it: the first call that finds out
// loses at most callTimeout, the others return at once until a probe in the
// background has reached Redis again.
package queue

// Package queue is the adapter for the task queue and for announcements, both
// in Redis: with package cache the only importer of go-redis, and the only one
// of asynq.
//
// The queue only wakes workers. A task carries the ids of orders that arrived
// together and nothing else, and losing every task loses no order: PostgreSQL
// knows which are PENDING, and the sweeper decides them. So no task has an id
// that asynq could refuse, none is retained, and nobody asks asynq what it knows
// of a task.
//
// While Redis is away nothing here waits for it: the first call that finds out
// loses at most callTimeout, the others return at once until a probe in the
// background has reached Redis again.
package queue

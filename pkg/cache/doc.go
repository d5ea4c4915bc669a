// Package cache is the adapter for the Redis that may be lost: cached answers
// and request limits. It never holds anything that cannot be made again, and
// never more than 128 MiB a process, since the queue that must not be evicted
// usually lives beside it. It never makes a caller wait for long: values are
// stored in a moment, several at once, and an operation is bounded by 30 ms, is not retried, and after a failure Redis is left alone for a second,
// except for one probe at a time. While Redis is away everything is a miss and
// everybody is let in.
package cache

package cache

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// silent drops what go-redis prints to standard error for each connection that
// fails: the errors themselves are returned, and logged once by try.
type silent struct{}

// Printf does nothing.
func (silent) Printf(context.Context, string, ...any) {}

// go-redis has one logger for the process and no other way to set it.
func init() { redis.SetLogger(silent{}) }

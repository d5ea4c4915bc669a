package queue

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	// callTimeout bounds one call of the Client; a healthy Redis answers in
	// well under a millisecond.
	callTimeout = 200 * time.Millisecond
	// serverTimeout bounds one call of the Server, which can wait longer.
	serverTimeout = time.Second
	// serverPause paces the Server's loop while Redis refuses: asynq itself
	// asks again at once.
	serverPause = 250 * time.Millisecond
)

// silent keeps go-redis from writing to standard error: its failures are
// returned, and logged where they are handled.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// The logger of go-redis is one for the process and read without a lock, so it
// is set before anything runs.
func init() { redis.SetLogger(silent{}) }

// parse reads a redis://, rediss:// or unix:// URL. The error never repeats the
// URL: it may hold a password.
func parse(url string) (*redis.Options, error) {
	o, err := redis.ParseURL(url)
	if err != nil {
		return nil, fmt.Errorf("read the Redis URL: it must be redis://, rediss:// or unix:// with an optional user, password and database number")
	}
	o.ContextTimeoutEnabled = true
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	o.DialerRetries = 1
	return o, nil
}

// forCalls makes every call quick to fail.
func forCalls(o *redis.Options) *redis.Client {
	own := *o
	own.DialTimeout, own.ReadTimeout, own.WriteTimeout, own.PoolTimeout = callTimeout, callTimeout, callTimeout, callTimeout
	own.MaxRetries, own.MinRetryBackoff, own.MaxRetryBackoff = 1, time.Millisecond, time.Millisecond
	return redis.NewClient(&own)
}

// forServer makes calls patient, and slow to repeat when they fail.
func forServer(o *redis.Options) *redis.Client {
	own := *o
	own.DialTimeout, own.ReadTimeout, own.WriteTimeout = serverTimeout, serverTimeout, serverTimeout
	own.MaxRetries, own.MinRetryBackoff, own.MaxRetryBackoff = 1, serverPause, serverPause
	return redis.NewClient(&own)
}

// channelOf names the channel of announcements. Channels know no database
// numbers, so the name carries it.
func channelOf(o *redis.Options) string { return "aforro:" + strconv.Itoa(o.DB) + ":decisions" }

package queue

import (
	"fmt"
	"log/slog"
	"strings"
)

// asynqLog hands what asynq says about itself to slog.
type asynqLog struct{ log *slog.Logger }

func (l asynqLog) Debug(args ...any) { l.log.Debug(line(args)) }
func (l asynqLog) Info(args ...any)  { l.log.Debug(line(args)) }
func (l asynqLog) Warn(args ...any)  { l.log.Warn(line(args)) }
func (l asynqLog) Error(args ...any) { l.log.Error(line(args)) }

// Fatal only logs: a library does not end the process.
func (l asynqLog) Fatal(args ...any) { l.log.Error(line(args)) }

func line(args []any) string { return "asynq: " + strings.TrimSpace(fmt.Sprint(args...)) }

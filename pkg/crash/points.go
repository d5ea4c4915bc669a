// Package crash names the steps at which a death of the process leaves something
// else behind than at the step before, and lets a test die there. Each step
// calls At on its way; a program that is built as usual has nothing of it.
//
// With the build tag crashpoints the variable AFORRO_CRASH_AT arms one point:
// "decide.written" kills the process, as kill -9 does, when it first gets there,
// "decide.written:2" at the second time. Every point is tried by
// TestCrashPoints (cmd/aforro), which wants a scenario for each.
package crash

// Point is one step.
type Point string

// The points, in the order in which an order passes them.
const (
	// SaveBegun: orders are about to be saved, and nothing is sent.
	SaveBegun Point = "save.begun"
	// SaveWritten: new orders and their keys are written and not committed.
	SaveWritten Point = "save.written"
	// SaveCommitted: new orders are PENDING, perhaps not on disk, and no worker
	// was woken.
	SaveCommitted Point = "save.committed"
	// EnqueueTried: a task was put into the queue, or could not be; the API has
	// not heard which.
	EnqueueTried Point = "enqueue.tried"
	// SaveFlushed: orders that are still PENDING are on disk, and nobody was told.
	SaveFlushed Point = "save.flushed"
	// TaskTaken: a worker has a task in hand and did nothing with it.
	TaskTaken Point = "task.taken"
	// DecideLocked: orders and their stock are locked.
	DecideLocked Point = "decide.locked"
	// DecideWritten: all that follows from the decisions is written and not
	// committed.
	DecideWritten Point = "decide.written"
	// DecideCommitted: orders are decided, and nobody was told.
	DecideCommitted Point = "decide.committed"
	// DecideAnnounced: those who wait were told, nobody was asked to tell others,
	// and the task is not done.
	DecideAnnounced Point = "decide.announced"
	// AnswerReady: the API knows its answer, and the client does not.
	AnswerReady Point = "answer.ready"
	// CancelWritten: the stock is given back and not committed.
	CancelWritten Point = "cancel.written"
	// CancelCommitted: an order is cancelled, and nobody was told.
	CancelCommitted Point = "cancel.committed"
	// DeliverWoken: a task that asks for confirmations was put into the queue, or
	// could not be.
	DeliverWoken Point = "deliver.woken"
	// DeliverLeased: due confirmations are taken and not committed.
	DeliverLeased Point = "deliver.leased"
	// DeliverTaken: confirmations are this process's for a while, and not sent.
	DeliverTaken Point = "deliver.taken"
	// DeliverSent: a receiver has answered, and nothing says so.
	DeliverSent Point = "deliver.sent"
	// DeliverWritten: what became of confirmations is written and not committed.
	DeliverWritten Point = "deliver.written"
	// DeliverRecorded: some are done, and others are still on their way.
	DeliverRecorded Point = "deliver.recorded"
)

// Points lists every point.
func Points() []Point {
	return []Point{
		SaveBegun, SaveWritten, SaveCommitted, EnqueueTried, SaveFlushed,
		TaskTaken, DecideLocked, DecideWritten, DecideCommitted, DecideAnnounced,
		AnswerReady, CancelWritten, CancelCommitted,
		DeliverWoken, DeliverLeased, DeliverTaken, DeliverSent, DeliverWritten, DeliverRecorded,
	}
}

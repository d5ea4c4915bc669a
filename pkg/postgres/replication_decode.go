package postgres

import (
	"fmt"

	"github.com/jackc/pglogrepl"

	"aforro/pkg/search"
)

// decoder turns pgoutput messages into events. It keeps what the server tells
// once: which relation has which columns where.
type decoder struct {
	relations map[uint32]relation
	out       []search.Event
}

// relation says where a table keeps the id that its changes are about.
type relation struct {
	name   string
	kind   search.EventKind
	column int
}

// followed are the tables of the publication and the column that names what
// changed. A store has no document: its lines go with it, as deletes of their own.
var followed = map[string]struct {
	kind   search.EventKind
	column string
}{
	"products":   {search.ProductChanged, "id"},
	"inventory":  {search.ProductChanged, "product_id"},
	"categories": {search.CategoryChanged, "id"},
}

func newDecoder() *decoder { return &decoder{relations: map[uint32]relation{}} }

// decode returns the events of one message; they are valid until the next call.
func (d *decoder) decode(data []byte) ([]search.Event, error) {
	d.out = d.out[:0]
	msg, err := pglogrepl.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("parse a replication message: %w", err)
	}
	switch m := msg.(type) {
	case *pglogrepl.RelationMessage:
		err = d.learn(m)
	case *pglogrepl.BeginMessage:
		d.emit(search.Event{Kind: search.Begin, Transaction: m.Xid})
	case *pglogrepl.CommitMessage:
		d.emit(search.Event{Kind: search.Commit, Position: search.Version(m.TransactionEndLSN), At: m.CommitTime})
	case *pglogrepl.InsertMessage:
		err = d.changed(m.RelationID, nil, m.Tuple)
	case *pglogrepl.UpdateMessage:
		err = d.changed(m.RelationID, m.OldTuple, m.NewTuple)
	case *pglogrepl.DeleteMessage:
		err = d.changed(m.RelationID, m.OldTuple, nil)
	case *pglogrepl.TruncateMessage:
		d.truncated(m)
	case *pglogrepl.LogicalDecodingMessage:
		if m.Prefix == "aforro" {
			d.told(string(m.Content))
		}
	}
	return d.out, err
}

func (d *decoder) emit(e search.Event) { d.out = append(d.out, e) }

func (d *decoder) learn(m *pglogrepl.RelationMessage) error {
	f, ok := followed[m.RelationName]
	r := relation{name: m.RelationName, kind: f.kind, column: -1}
	for i, c := range m.Columns {
		if ok && c.Name == f.column {
			r.column = i
		}
	}
	if ok && r.column < 0 {
		return fmt.Errorf("table %s is streamed without its column %s: the publication is not ours", m.RelationName, f.column)
	}
	d.relations[m.RelationID] = r
	return nil
}

// changed names what the row was about before and what it is about now: a line
// may have moved from one product to another.
func (d *decoder) changed(id uint32, tuples ...*pglogrepl.TupleData) error {
	r, ok := d.relations[id]
	if !ok {
		return fmt.Errorf("a change of relation %d came before its description", id)
	}
	if r.column < 0 {
		return nil
	}
	for _, t := range tuples {
		if t == nil {
			continue
		}
		n, err := t.Columns[r.column].Int64()
		if err != nil {
			return fmt.Errorf("read the key of a change of %s: %w", r.name, err)
		}
		if len(d.out) == 0 || d.out[0].ID != n {
			d.emit(search.Event{Kind: r.kind, ID: n})
		}
	}
	return nil
}

// truncated: which documents are concerned is no longer known.
func (d *decoder) truncated(m *pglogrepl.TruncateMessage) {
	for _, id := range m.RelationIDs {
		if d.relations[id].column >= 0 {
			d.emit(search.Event{Kind: search.EverythingChanged})
			return
		}
	}
}

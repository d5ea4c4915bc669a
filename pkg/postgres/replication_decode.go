package postgres

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pglogrepl"

	"aforro/pkg/search"
)

// decoder turns pgoutput messages into events. It keeps what the server tells
// once: which relation has which columns where.
type decoder struct {
	relations map[uint32]relation
	out       []search.Event
}

// relation says where a table keeps what its changes are judged by.
type relation struct {
	name  string
	names []string
	// table is nil for one that no document is made of.
	table *table
	// key is the column of the id, columns are those of table.columns.
	key     int
	columns []int
}

// table is one of the publication that documents are made of.
type table struct {
	kind search.EventKind
	// key is the column that names what a change is about; columns are more that
	// judge wants.
	key     string
	columns []string
	// judge says what a change of a row is for the document: either row is nil
	// when it was not there. 0: nothing that shows.
	judge func(r *relation, old, now []*pglogrepl.TupleDataColumn) search.Change
}

// followed are the tables of the publication. A store has no document: its
// lines go with it, as deletes of their own.
var followed = map[string]*table{
	"products":   {kind: search.ProductChanged, key: "id", judge: judgeProduct},
	"inventory":  {kind: search.ProductChanged, key: "product_id", columns: []string{"quantity", "held", "store_id"}, judge: judgeStock},
	"categories": {kind: search.CategoryChanged, key: "id", judge: anything},
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
		d.emit(search.Event{Kind: search.Begin, Transaction: m.Xid, At: m.CommitTime})
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
	r := relation{name: m.RelationName, table: followed[m.RelationName]}
	for _, c := range m.Columns {
		r.names = append(r.names, c.Name)
	}
	if r.table != nil {
		var missing []string
		find := func(name string) int {
			for i, n := range r.names {
				if n == name {
					return i
				}
			}
			missing = append(missing, name)
			return -1
		}
		r.key = find(r.table.key)
		for _, c := range r.table.columns {
			r.columns = append(r.columns, find(c))
		}
		if len(missing) > 0 {
			return fmt.Errorf("table %s is streamed without its column %s: the publication is not ours", m.RelationName, strings.Join(missing, ", "))
		}
	}
	d.relations[m.RelationID] = r
	return nil
}

// changed names what the row was about before and what it is about now: a line
// may have moved from one product to another.
func (d *decoder) changed(id uint32, before, after *pglogrepl.TupleData) error {
	r, ok := d.relations[id]
	if !ok {
		return fmt.Errorf("a change of relation %d came before its description", id)
	}
	if r.table == nil {
		return nil
	}
	old, was, err := r.row(before)
	if err != nil {
		return err
	}
	now, is, err := r.row(after)
	if err != nil {
		return err
	}
	switch {
	case old != nil && now != nil && was == is:
		d.judged(&r, is, old, now)
	default:
		d.judged(&r, was, old, nil)
		d.judged(&r, is, nil, now)
	}
	return nil
}

func (d *decoder) judged(r *relation, id int64, old, now []*pglogrepl.TupleDataColumn) {
	if old == nil && now == nil {
		return
	}
	if change := r.table.judge(r, old, now); change != 0 {
		d.emit(search.Event{Kind: r.table.kind, ID: id, Change: change})
	}
}

// row gives a tuple's columns and its id.
func (r *relation) row(t *pglogrepl.TupleData) ([]*pglogrepl.TupleDataColumn, int64, error) {
	if t == nil {
		return nil, 0, nil
	}
	id, err := t.Columns[r.key].Int64()
	if err != nil {
		return nil, 0, fmt.Errorf("read the key of a change of %s: %w", r.name, err)
	}
	return t.Columns, id, nil
}

func anything(*relation, []*pglogrepl.TupleDataColumn, []*pglogrepl.TupleDataColumn) search.Change {
	return search.Anything
}

// judgeStock tells a change of what can be sold from one of whether anything
// can. A row that says only its key (before the table's identity was FULL) or a
// line that comes, goes or moves is a change of what the store carries. An
// update without an old row reaches this as a line that comes.
func judgeStock(r *relation, old, now []*pglogrepl.TupleDataColumn) search.Change {
	const carried = search.Availability | search.Listing
	if old == nil || now == nil {
		return carried
	}
	had, ok := r.available(old)
	has, ok2 := r.available(now)
	store := r.columns[2]
	switch {
	case !ok || !ok2 || !bytes.Equal(old[store].Data, now[store].Data):
		return carried
	case had == has:
		return 0
	case (had > 0) != (has > 0):
		return search.Availability
	}
	return search.Quantity
}

// available is what can be sold of a line.
func (r *relation) available(row []*pglogrepl.TupleDataColumn) (n int64, ok bool) {
	quantity, err := strconv.ParseInt(string(row[r.columns[0]].Data), 10, 64)
	held, err2 := strconv.ParseInt(string(row[r.columns[1]].Data), 10, 64)
	return max(0, quantity-held), err == nil && err2 == nil
}

// unindexed are the columns of products that no document holds.
var unindexed = map[string]bool{"created_at": true, "updated_at": true}

// listed are those that suggestions are made of.
var listed = map[string]bool{"title": true, "brand": true, "category_id": true, "attributes": true, "active": true}

func judgeProduct(r *relation, old, now []*pglogrepl.TupleDataColumn) (change search.Change) {
	if old == nil || now == nil {
		return search.Text | search.Price | search.Listing
	}
	for i, name := range r.names {
		switch {
		case unindexed[name] || same(old[i], now[i]):
		case name == "price":
			change |= search.Price
		case listed[name]:
			change |= search.Text | search.Listing
		default:
			change |= search.Text
		}
	}
	return change
}

// same: a large value that did not change is not sent again.
func same(old, now *pglogrepl.TupleDataColumn) bool {
	return now.DataType == pglogrepl.TupleDataTypeToast || (old.DataType == now.DataType && bytes.Equal(old.Data, now.Data))
}

// truncated: which documents are concerned is no longer known.
func (d *decoder) truncated(m *pglogrepl.TruncateMessage) {
	for _, id := range m.RelationIDs {
		if d.relations[id].table != nil {
			d.emit(search.Event{Kind: search.EverythingChanged})
			return
		}
	}
}

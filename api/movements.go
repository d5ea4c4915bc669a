package api

import (
	"context"
	"strconv"
)

// Bounds of the list of movements.
const movementsPage, movementsMost = 100, 1000

type movementsInput struct {
	Address
	ID            integer `path:"id" doc:"The store's id."`
	ProductID     integer `path:"product_id" doc:"The product's id."`
	Authorization string  `header:"Authorization" doc:"The staff key, as Bearer."`
	Limit         integer `query:"limit" minimum:"1" maximum:"1000" doc:"How many: 100 unless said."`
	Before        integer `query:"before" doc:"Only movements older than this id; the Link header has it."`
}

type movementsOutput struct {
	Link string         `header:"Link" doc:"rel=next: the movements after these."`
	Body []movementView `nullable:"false"`
}

type movementView struct {
	ID        int64     `json:"id" example:"1"`
	At        timestamp `json:"at"`
	Delta     int64     `json:"delta" doc:"The change of what is on hand; opening stock is a movement too." example:"-2"`
	Reason    string    `json:"reason" doc:"order, cancel, import, seed, sql, or that of an adjustment." example:"order"`
	Reference string    `json:"reference" doc:"The order's or the adjustment's id, the import's file; may be empty." example:"1"`
}

func (s *Server) movements(ctx context.Context, in *movementsInput) (*movementsOutput, error) {
	var r reader
	limit, before := r.between("limit", in.Limit, 1, movementsMost, movementsPage), r.id("before", in.Before)
	if err := r.err(); err != nil {
		return nil, err
	}
	storeID, productID, err := pathLine(in.ID, in.ProductID)
	if err != nil {
		return nil, err
	}
	out := &movementsOutput{Body: []movementView{}}
	if before < 0 {
		before = 1 // nothing is older than an id that cannot be
	}
	list, err := s.o.Stock.Movements(ctx, storeID, productID, before, limit+1)
	if err != nil {
		return nil, err
	}
	if len(list) > limit {
		list = list[:limit]
		out.Link = nextLink(s.link(in.Address, map[string]string{"before": strconv.FormatInt(list[limit-1].ID, 10)}))
	}
	for _, m := range list {
		out.Body = append(out.Body, movementView{ID: m.ID, At: timestamp(m.At), Delta: m.Delta, Reason: m.Reason, Reference: m.Reference})
	}
	return out, nil
}

package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"aforro/pkg/fault"
	"aforro/pkg/idempotency"
	"aforro/pkg/inventory"
)

const adjustDoc = `Corrects a store's stock by hand, all lines or none, through the ledger. set says how many are on the shelf, as a recount does, held ones
included; add says how many came or went. The answer's quantity is what can be sold then: on hand minus held, and never less than 0. A product that the store
does not carry yet gets a line. 409 when a line would have less than no pieces, or more than fit. Wants the staff key.`

const setLineDoc = `An adjustment of one line: quantity is how many are on the shelf, held ones included. The answer's quantity is what can be sold then. Wants the staff key.`

type adjustInput struct {
	ID             integer `path:"id" doc:"The store's id."`
	Authorization  string  `header:"Authorization" doc:"The staff key, as Bearer."`
	IdempotencyKey string  `header:"Idempotency-Key" doc:"Up to 255 characters, for this store's adjustments: a repeat with the same body gets the first answer."`
	RawBody        []byte  `contentType:"application/json"`
}

type adjustOutput struct {
	Replayed string `header:"Idempotent-Replayed" doc:"true: the key was used before, and nothing was done."`
	Position string `header:"X-Aforro-Position" doc:"A search that is sent it sees this."`
	Body     adjustmentView
}

type adjustmentView struct {
	Lines []lineView `json:"lines" nullable:"false" doc:"As they are now, in the order of the request."`
}

// lineView is a stock line as staff see it.
type lineView struct {
	ProductID int64 `json:"product_id" example:"77388652"`
	Quantity  int64 `json:"quantity" doc:"What can be sold: on hand minus held." example:"7"`
	Held      int64 `json:"held" doc:"What reservations hold." example:"3"`
}

type setLineInput struct {
	ID            integer `path:"id" doc:"The store's id."`
	ProductID     integer `path:"product_id" doc:"The product's id."`
	Authorization string  `header:"Authorization" doc:"The staff key, as Bearer."`
	RawBody       []byte  `contentType:"application/json"`
}

type setLineOutput struct {
	Position string `header:"X-Aforro-Position" doc:"A search that is sent it sees this."`
	Body     lineView
}

func (s *Server) routeStock() {
	const line = "/stores/{id}/inventory/{product_id}/"
	const adjustments = "/stores/{id}/inventory/adjustments/"
	body := []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusRequestEntityTooLarge,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity}
	register(s, huma.Operation{
		OperationID: "adjust-stock", Method: http.MethodPost, Path: adjustments, Tags: []string{"Stores"},
		Summary: "Correct stock by hand", Description: adjustDoc, DefaultStatus: http.StatusOK,
		Middlewares: huma.Middlewares{s.needStaff, s.readBody}, Errors: append([]int{http.StatusConflict}, body...),
	}, s.adjust)
	register(s, huma.Operation{
		OperationID: "set-stock", Method: http.MethodPatch, Path: line, Tags: []string{"Stores"},
		Summary: "Correct one line by hand", Description: setLineDoc,
		Middlewares: huma.Middlewares{s.needStaff, s.readBody}, Errors: body,
	}, s.setLine)
	register(s, huma.Operation{
		OperationID: "list-movements", Method: http.MethodGet, Path: line + "movements/", Tags: []string{"Stores"},
		Summary: "The ledger of one line, newest first", Description: "Each change of what is on hand, whoever made it. Wants the staff key.",
		Middlewares: huma.Middlewares{s.needStaff}, Errors: []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound},
	}, s.movements)
	describeBody[adjustmentBody](s, s.huma.OpenAPI().Paths[adjustments].Post)
	describeBody[lineBody](s, s.huma.OpenAPI().Paths[line].Patch)
}

func (s *Server) adjust(ctx context.Context, in *adjustInput) (*adjustOutput, error) {
	storeID, err := pathID(in.ID, "store")
	if err != nil {
		return nil, err
	}
	a, err := readAdjustment(in.RawBody)
	if err != nil {
		return nil, err
	}
	key, err := keyed(fmt.Sprintf("stores/%d/adjustments", storeID), in.IdempotencyKey, in.RawBody)
	if err != nil {
		return nil, err
	}
	lines, replayed, err := s.o.Stock.Adjust(ctx, storeID, a, key)
	if err != nil {
		return nil, err
	}
	out := &adjustOutput{Replayed: replayedHeader(replayed), Position: s.written(ctx), Body: adjustmentView{Lines: make([]lineView, len(lines))}}
	for i, l := range lines {
		out.Body.Lines[i] = viewLine(l)
	}
	return out, nil
}

// replayedHeader is the Idempotent-Replayed header: absent on a first answer.
func replayedHeader(replayed bool) string {
	if replayed {
		return "true"
	}
	return ""
}

func viewLine(s inventory.Stock) lineView {
	return lineView{ProductID: s.ProductID, Quantity: s.Available(), Held: s.Held}
}

// setLine is an adjustment of one line. It needs no key: to set a line twice is
// to set it once.
func (s *Server) setLine(ctx context.Context, in *setLineInput) (*setLineOutput, error) {
	storeID, productID, err := pathLine(in.ID, in.ProductID)
	if err != nil {
		return nil, err
	}
	a, err := readLine(productID, in.RawBody)
	if err != nil {
		return nil, err
	}
	lines, _, err := s.o.Stock.Adjust(ctx, storeID, a, idempotency.Request{})
	if err != nil {
		return nil, ofPath(err)
	}
	return &setLineOutput{Position: s.written(ctx), Body: viewLine(lines[0])}, nil
}

// pathLine reads the ids of a stock line.
func pathLine(store, product integer) (storeID, productID int64, err error) {
	if storeID, err = pathID(store, "store"); err != nil {
		return 0, 0, err
	}
	productID, err = strconv.ParseInt(string(product), 10, 64)
	if err != nil {
		return 0, 0, notFound("product", fault.Field{Location: "path.product_id", Message: "there is no such product", Value: string(product)})
	}
	return storeID, productID, nil
}

// ofPath says of an adjustment's only line where the request has it: in the path.
func ofPath(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		for i := range f.Fields {
			if f.Fields[i].Location == "body.lines[0].product_id" {
				f.Fields[i].Location = "path.product_id"
			}
		}
	}
	return err
}

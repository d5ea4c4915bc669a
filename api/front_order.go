package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"strconv"
	"strings"

	"aforro/api/storefront"
	"aforro/pkg/order"
)

const (
	// maxForm bounds the body of an order form, in bytes.
	maxForm = 16 << 10
	// maxFormKey bounds the key of one; ours are shorter.
	maxFormKey = 64
	// mostTitles is for how many lines an order's page looks up the title.
	mostTitles = 20
)

// frontPlace places an order of one line and leads to its page. The form's key
// makes one order of the same form sent twice; with another store or quantity
// it is another form.
func (s *Server) frontPlace(ctx context.Context, in *frontProductInput) (*pageAnswer, error) {
	r := pageRequest(ctx)
	if err := s.front.guard.Check(r); err != nil {
		return nil, problem(http.StatusForbidden, "orders are placed from this site's own pages only")
	}
	r.Body = http.MaxBytesReader(nil, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return nil, problem(http.StatusBadRequest, "this is no form of ours")
	}
	product, err := pathID(in.ID, "product")
	if err != nil {
		return nil, err
	}
	form, quantity := readForm(r)
	if form.Problem != "" {
		return s.productPage(ctx, in.ID, form, http.StatusUnprocessableEntity)
	}
	draft := order.Draft{StoreID: form.StoreID, Items: []order.Item{{ProductID: product, Quantity: quantity}}}
	if err := missing(draft.StoreID, draft.Items); err != nil {
		return nil, err
	}
	sent := strings.Join([]string{form.Key, string(in.ID), strconv.FormatInt(form.StoreID, 10), strconv.FormatInt(quantity, 10)}, " ")
	if draft.Request, err = keyed("storefront", sent, []byte(sent)); err != nil {
		return nil, err
	}
	placed, _, err := s.o.Desk.Place(ctx, draft, s.o.DecisionWait)
	if err != nil {
		return nil, err
	}
	return &pageAnswer{Status: http.StatusSeeOther, Location: storefront.OrderAddress(placed.ID, s.o.Tokens.Make(orderScope, placed.ID))}, nil
}

// freshKey is the key of a new form.
func freshKey() string { return rand.Text() }

// readForm reads an order form; its Problem says what is wrong.
func readForm(r *http.Request) (form storefront.OrderForm, quantity int64) {
	form = storefront.OrderForm{Key: r.PostForm.Get("key"), Quantity: strings.TrimSpace(r.PostForm.Get("quantity"))}
	var err error
	form.StoreID, err = strconv.ParseInt(r.PostForm.Get("store_id"), 10, 64)
	quantity, whole := pieces(form.Quantity)
	switch {
	case form.Key == "" || len(form.Key) > maxFormKey:
		form.Key, form.Problem = freshKey(), "The form was not complete. Please look it over and send it again."
	case err != nil:
		form.Problem = "Please choose a store."
	case !whole:
		form.Problem = "Please say how many pieces: a whole number from 1 to " + strconv.Itoa(storefront.MostPieces) + "."
	}
	return form, quantity
}

// pieces reads how many pieces are wanted.
func pieces(raw string) (int64, bool) {
	n, err := strconv.ParseInt(raw, 10, 64)
	return n, err == nil && n >= 1 && n <= storefront.MostPieces
}

type frontOrderInput struct {
	ID    integer `path:"id"`
	Token string  `query:"token"`
}

func (s *Server) frontOrder(ctx context.Context, in *frontOrderInput) (*pageAnswer, error) {
	id, err := s.openOrder(in.ID, in.Token, "")
	if err != nil {
		return nil, err
	}
	o, err := s.o.Orders.Order(ctx, id)
	if err != nil {
		return nil, named(err, "order", string(in.ID))
	}
	view := storefront.Order{Frame: s.frame(pageRequest(ctx), o.StoreID), Order: o, Token: in.Token, Titles: s.titles(ctx, o)}
	view.StoreCity = view.City()
	body, err := s.front.Order(view)
	return s.show(http.StatusOK, body, err)
}

// titles looks up what the products of an order are called. Without the title the
// page names the product by its id: it is not sold any more, or one of too many.
func (s *Server) titles(ctx context.Context, o order.Order) map[int64]string {
	titles := map[int64]string{}
	for _, it := range o.Items[:min(mostTitles, len(o.Items))] {
		if p, err := s.o.Catalogue.Product(ctx, it.ProductID); err == nil {
			titles[it.ProductID] = p.Title
		}
	}
	return titles
}

package api

import "aforro/pkg/order"

// orderView is an order as POST /orders/ answers it: a contract.
type orderView struct {
	ID        int64        `json:"id" example:"1"`
	Status    order.Status `json:"status" enum:"PENDING,CONFIRMED,REJECTED,CANCELLED"`
	CreatedAt timestamp    `json:"created_at"`
	Items     []itemView   `json:"items" nullable:"false" doc:"As asked for, line by line."`
	Total     string       `json:"total" doc:"All lines at their prices: a decimal." example:"1499.00"`
	Token     string       `json:"token" doc:"Opens the order's page."`
	Reasons   []reasonView `json:"reasons,omitempty" nullable:"false" doc:"Why it was REJECTED; else absent."`
}

type itemView struct {
	Product  int64 `json:"product" example:"77388652"`
	Quantity int64 `json:"quantity_requested" example:"2"`
}

// orderDetail is an order as its page shows it.
type orderDetail struct {
	ID        int64            `json:"id" example:"1"`
	Status    order.Status     `json:"status" enum:"PENDING,CONFIRMED,REJECTED,CANCELLED"`
	CreatedAt timestamp        `json:"created_at"`
	DecidedAt *timestamp       `json:"decided_at" nullable:"true" doc:"null while PENDING."`
	Items     []itemDetail     `json:"items" nullable:"false"`
	Total     string           `json:"total" example:"1499.00"`
	Token     string           `json:"token"`
	Reasons   []reasonView     `json:"reasons,omitempty" nullable:"false"`
	History   []orderEventView `json:"history" nullable:"false" doc:"Each state with its time, oldest first."`
}

type itemDetail struct {
	Product   int64  `json:"product" example:"77388652"`
	Quantity  int64  `json:"quantity_requested" example:"2"`
	UnitPrice string `json:"unit_price" doc:"The price of one piece then." example:"749.50"`
}

type orderEventView struct {
	Status order.Status `json:"status" enum:"PENDING,CONFIRMED,REJECTED,CANCELLED"`
	At     timestamp    `json:"at"`
}

// reasonView says why a product of an order could not be sold.
type reasonView struct {
	Product   int64            `json:"product" example:"77388652"`
	Code      order.ReasonCode `json:"code" enum:"insufficient_stock,not_carried"`
	Requested int64            `json:"requested" example:"5"`
	Available int64            `json:"available" example:"2"`
	Elsewhere []elsewhereView  `json:"elsewhere" nullable:"false" doc:"Other stores that have it, nearest first."`
}

type elsewhereView struct {
	StoreID    int64   `json:"store_id" example:"7"`
	City       string  `json:"city" example:"Pune"`
	Available  int64   `json:"available" example:"9"`
	DistanceKM float64 `json:"distance_km" example:"12.4"`
}

func (s *Server) viewOrder(o order.Order) orderView {
	view := orderView{
		ID: o.ID, Status: o.Status, CreatedAt: timestamp(o.CreatedAt), Items: make([]itemView, len(o.Items)),
		Total: o.Total.String(), Token: s.o.Tokens.Make(orderScope, o.ID), Reasons: viewReasons(o.Reasons),
	}
	for i, it := range o.Items {
		view.Items[i] = itemView{Product: it.ProductID, Quantity: it.Quantity}
	}
	return view
}

func (s *Server) viewOrderDetail(o order.Order) orderDetail {
	view := orderDetail{
		ID: o.ID, Status: o.Status, CreatedAt: timestamp(o.CreatedAt), Items: make([]itemDetail, len(o.Items)),
		Total: o.Total.String(), Token: s.o.Tokens.Make(orderScope, o.ID), Reasons: viewReasons(o.Reasons),
		DecidedAt: (*timestamp)(o.DecidedAt), History: make([]orderEventView, len(o.History)),
	}
	for i, it := range o.Items {
		view.Items[i] = itemDetail{Product: it.ProductID, Quantity: it.Quantity, UnitPrice: it.UnitPrice.String()}
	}
	for i, e := range o.History {
		view.History[i] = orderEventView{Status: e.Status, At: timestamp(e.At)}
	}
	return view
}

func viewReasons(reasons []order.Reason) []reasonView {
	views := make([]reasonView, len(reasons))
	for i, r := range reasons {
		views[i] = reasonView{Product: r.ProductID, Code: r.Code, Requested: r.Requested, Available: r.Available,
			Elsewhere: make([]elsewhereView, len(r.Elsewhere))}
		for j, e := range r.Elsewhere {
			views[i].Elsewhere[j] = elsewhereView(e)
		}
	}
	return views
}

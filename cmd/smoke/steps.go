package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// soldOutPatience is how long a sold-out product may still be found as in stock before that is a failure.
const soldOutPatience = 10 * time.Second

// trySearch wants results and completions.
func trySearch(ctx context.Context, s shop) error {
	found, err := s.search(ctx, url.Values{"q": {"laptop"}})
	if err != nil {
		return err
	}
	if found.Count == 0 {
		return errors.New("a search for laptop finds nothing")
	}
	titles, err := s.suggest(ctx, "can")
	if err != nil {
		return err
	}
	if len(titles) == 0 || !strings.HasPrefix(strings.ToLower(titles[0]), "can") {
		return fmt.Errorf("suggestions for can: %q", titles)
	}
	fmt.Printf("smoke: laptop finds %d products (%s), can suggests %s\n", found.Count, found.Results[0].Title, titles[0])
	return nil
}

// tryShop searches, buys one unit, then buys out the product everywhere and wants it to leave in_stock=true.
func tryShop(ctx context.Context, s shop) error {
	if err := trySearch(ctx, s); err != nil {
		return err
	}
	found, err := s.search(ctx, url.Values{"q": {"laptop"}, "in_stock": {"true"}})
	if err != nil {
		return err
	}
	if len(found.Results) == 0 {
		return errors.New("no laptop is in stock")
	}
	id := found.Results[0].ID
	if err := buyOne(ctx, s, id); err != nil {
		return err
	}
	if err := buyOut(ctx, s, id); err != nil {
		return err
	}
	return awaitGone(ctx, s, id, found.Results[0].Title)
}

// buyOne wants the stock to fall by exactly the one unit.
func buyOne(ctx context.Context, s shop, id int64) error {
	before, err := s.product(ctx, id)
	if err != nil {
		return err
	}
	for i, line := range before.Availability {
		if line.Quantity == 0 {
			continue
		}
		if err := s.order(ctx, line.StoreID, id, 1); err != nil {
			return err
		}
		after, err := s.product(ctx, id)
		if err != nil {
			return err
		}
		if got := after.Availability[i].Quantity; got != line.Quantity-1 {
			return fmt.Errorf("after an order for one of %d, store %d has %d", line.Quantity, line.StoreID, got)
		}
		fmt.Printf("smoke: an order is CONFIRMED, the stock falls from %d to %d\n", line.Quantity, line.Quantity-1)
		return nil
	}
	return fmt.Errorf("product %d was found as in stock and no store has it", id)
}

// buyOut buys all that every store has.
func buyOut(ctx context.Context, s shop, id int64) error {
	p, err := s.product(ctx, id)
	if err != nil {
		return err
	}
	for _, line := range p.Availability {
		if line.Quantity == 0 {
			continue
		}
		if err := s.order(ctx, line.StoreID, id, line.Quantity); err != nil {
			return err
		}
	}
	return nil
}

// awaitGone waits until a search for the title with in_stock=true no longer gives the product.
func awaitGone(ctx context.Context, s shop, id int64, title string) error {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, soldOutPatience)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	query := url.Values{"q": {title}, "in_stock": {"true"}, "page_size": {"100"}}
	for {
		found, err := s.search(ctx, query)
		if err == nil && !contains(found, id) {
			fmt.Printf("smoke: sold out everywhere, gone from in_stock=true after %d ms\n", time.Since(began).Milliseconds())
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("product %d is sold out and still found with in_stock=true after %s", id, soldOutPatience), err)
		case <-ticker.C:
		}
	}
}

func contains(found page, id int64) bool {
	for _, r := range found.Results {
		if r.ID == id {
			return true
		}
	}
	return false
}

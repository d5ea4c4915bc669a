package api

import (
	"net/http"
	"testing"
)

func FuzzStockBodies(f *testing.F) {
	for _, body := range []string{oneLine, twoCables, `{}`, `[]`, `{"reason": "r", "note": "\u0000\ud800", "lines": [{"product_id": 10, "add": -0}]}`,
		`{"reason": "r", "lines": [{"product_id": 1e9, "set": 1e-1}, null, {}, [[]]]}`, `{"quantity": 1e999}`, "\x00", "\xff",
		`{"store_id": 2, "items": [{"product_id": 10, "quantity": 1}], "seconds": 1e9}`} {
		f.Add(body)
	}
	server := mustServe(f, &shop{})
	f.Fuzz(func(t *testing.T, body string) {
		for target, method := range map[string]string{adjustments: http.MethodPost, "/stores/2/inventory/10/": http.MethodPatch, "/reservations/": http.MethodPost} {
			if w := call(server, method, target, body, staff); !bearable(w) {
				t.Errorf("%s %q: %d %s", target, body, w.Code, w.Body)
			}
		}
	})
}

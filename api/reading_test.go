package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"aforro/pkg/search"
)

// What became of the words is said on the page and on the cached page, and only
// when something became of them.
func TestAPageSaysHowItsWordsWereTaken(t *testing.T) {
	t.Parallel()
	page := hits(1)
	page.DidYouMean, page.Relaxed = `wireless "mouse"`, []string{"qzqz", "<b>"}
	for _, c := range []struct {
		page search.Page
		want string
	}{
		{page, `"did_you_mean":"wireless \"mouse\"","relaxed":["qzqz","<b>"],"results":[`},
		{hits(1), `"previous":null,"results":[`},
	} {
		s := &shop{page: c.page}
		server := mustServe(t, s, func(o *Options) { o.SearchCache = time.Minute })
		for range 2 {
			w := call(server, http.MethodGet, searchPath+"?q=wirelss", "")
			if w.Code != 200 || !strings.Contains(w.Body.String(), c.want) {
				t.Errorf("%d %s; want %s", w.Code, w.Body, c.want)
			}
		}
	}
}

func TestAResultIsExplainedOnRequest(t *testing.T) {
	t.Parallel()
	page := hits(1)
	page.Hits[0].Explain = []search.Reason{{Because: "all words found", Field: "title", Adds: 3}, {Because: "an accessory", Adds: -.5}}
	s := &shop{page: page}
	server := mustServe(t, s)
	w := call(server, http.MethodGet, searchPath+"?q=can&explain=true", "")
	if want := `"explain":[{"because":"all words found","field":"title","adds":3},{"because":"an accessory","field":"","adds":-0.5}]}]`; !strings.Contains(w.Body.String(), want) {
		t.Errorf("%s; want %s", w.Body, want)
	}
	if !s.asked[0].Explain {
		t.Error("the engine was not asked for reasons")
	}
	explained := s.asked[0]
	explained.Explain = false
	if searchKey(s.asked[0]) == searchKey(explained) {
		t.Error("explained pages and others have one key")
	}
	if w := call(server, http.MethodGet, searchPath+"?q=can&explain=why", ""); w.Code != 400 || !strings.Contains(w.Body.String(), "query.explain") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

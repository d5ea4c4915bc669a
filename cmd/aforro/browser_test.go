//go:build integration && browser

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const (
	pictures   = "../../docs/images"
	maxPicture = 150 << 10 // bytes
	axeScript  = "../../bin/axe/axe.min.js"
)

// browser is one window of a headless Chromium.
type browser struct {
	// tb is the part of the test that runs now, whole the test.
	tb, whole testing.TB
	ctx       context.Context
	base      string
}

// newBrowser opens a window that knows one shop, and fails the test for what goes
// wrong in it: errors of scripts, and whatever its policy refuses.
func newBrowser(s *shop) *browser {
	s.tb.Helper()
	b := &browser{tb: s.tb, whole: s.tb, base: s.base}
	ctx, stop := chromedp.NewContext(context.Background(), chromedp.WithListener(b.heard),
		chromedp.WithAllocatorOptions(chromedp.NoSandbox, chromedp.Flag("disable-dev-shm-usage", true), chromedp.WindowSize(1280, 900)))
	b.ctx = ctx
	s.tb.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		s.tb.Fatalf("start a browser: %v", err)
	}
	b.window(1280, 900)
	return b
}

// do runs actions; what they are for is told when they fail.
func (b *browser) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	b.tb.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.tb.Fatalf("%s: %v; the page:\n%s", what, err, b.text())
	}
}

// text is what the page says, for messages.
func (b *browser) text() string {
	text, err := run(b, chromedp.Evaluate[string](`location.href + "\n" + document.title + "\n" + document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return text
}

// run runs an action within a test's patience.
func run[T any](b *browser, action chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, action)
}

// open goes to an address of the shop.
func (b *browser) open(target string) {
	b.tb.Helper()
	b.do("open "+target, chromedp.Navigate(b.base+target))
}

// readPage gives what an expression is.
func readPage[T any](b *browser, expression string) T {
	b.tb.Helper()
	v, err := run(b, chromedp.Evaluate[T](expression))
	if err != nil {
		b.tb.Fatalf("%s: %v; the page:\n%s", expression, err, b.text())
	}
	return v
}

// await waits until an expression holds, whatever page it is then.
func (b *browser) await(what, expression string) {
	b.tb.Helper()
	deadline := time.Now().Add(patience)
	for {
		if holds, err := run(b, chromedp.Evaluate[bool]("!!("+expression+")")); err == nil && holds {
			return
		} else if time.Now().After(deadline) {
			b.tb.Fatalf("%s: %s does not hold (%v); the page:\n%s", what, expression, err, b.text())
		}
	}
}

// says waits until the page has a text.
func (b *browser) says(text string) {
	b.tb.Helper()
	b.await("the page says "+text, fmt.Sprintf("document.body && document.body.innerText.includes(%q)", text))
}

func (b *browser) click(selector chromedp.CSS) {
	b.tb.Helper()
	b.do("click "+string(selector), chromedp.ScrollIntoView(selector), chromedp.Click(selector))
}

// fill types over what a field holds.
func (b *browser) fill(selector, text string) {
	b.tb.Helper()
	readPage[bool](b, fmt.Sprintf(`document.querySelector(%q).select(), true`, selector))
	b.do("type "+text, chromedp.SendKeys(chromedp.CSS(selector), text))
}

// choose picks a value of a list, as a person does.
func (b *browser) choose(selector, value string) {
	b.tb.Helper()
	readPage[string](b, fmt.Sprintf(`(() => { const list = document.querySelector(%q); list.value = %q;
		list.dispatchEvent(new Event('change', { bubbles: true })); return list.value; })()`, selector, value))
}

// window sets the size of the window.
func (b *browser) window(width, height int64) {
	b.tb.Helper()
	b.do("resize", chromedp.EmulateViewport(width, height))
}

// mustBeAccessible holds the page against axe's rules.
func (b *browser) mustBeAccessible(what string) {
	b.tb.Helper()
	script, err := os.ReadFile(axeScript)
	if err != nil {
		b.tb.Fatalf("%v; make test-browser gets it", err)
	}
	readPage[bool](b, string(script)+"; true")
	found, err := run(b, chromedp.Evaluate[string](`axe.run(document).then((r) => JSON.stringify(
		{ passes: r.passes.length, violations: r.violations.map((v) => ({ id: v.id, impact: v.impact, where: v.nodes.map((n) => n.html).slice(0, 3) })) }))`,
		chromedp.EvalAwaitPromise))
	if err != nil {
		b.tb.Fatalf("axe on %s: %v", what, err)
	}
	var result struct {
		Passes     int
		Violations []struct {
			ID, Impact string
			Where      []string
		}
	}
	if err := json.Unmarshal([]byte(found), &result); err != nil || result.Passes < 10 {
		b.tb.Fatalf("axe said %s: %v", found, err)
	}
	for _, v := range result.Violations {
		b.tb.Logf("axe on %s: %s (%s) at %s", what, v.ID, v.Impact, strings.Join(v.Where, " | "))
		if v.Impact == "serious" || v.Impact == "critical" {
			b.tb.Errorf("%s has a %s fault: %s", what, v.Impact, v.ID)
		}
	}
}

// picture writes what the window shows to docs/images, with -update.
func (b *browser) picture(name string) {
	b.tb.Helper()
	if !*update {
		return
	}
	readPage[bool](b, "scrollTo(0, 0); document.activeElement.blur(); true")
	shot, err := run(b, chromedp.CaptureScreenshot())
	if err != nil {
		b.tb.Fatal(err)
	}
	if len(shot) > maxPicture {
		b.tb.Errorf("the picture %s has %d bytes, of at most %d", name, len(shot), maxPicture)
	}
	if err := os.MkdirAll(pictures, 0o755); err != nil {
		b.tb.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(pictures, name+".png"), shot, 0o644); err != nil {
		b.tb.Fatal(err)
	}
}

// scripts lets the window run scripts, or not.
func (b *browser) scripts(run bool) {
	b.tb.Helper()
	b.do("scripts", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !run})
		return err
	}))
}

// at lets pages know where the window is; nowhere forbids it.
func (b *browser) at(latitude, longitude float64) {
	b.tb.Helper()
	accuracy := 10.0
	b.permit("geolocation", cdpbrowser.PermissionSettingGranted)
	b.do("be somewhere", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetGeolocationOverride, emulation.SetGeolocationOverrideParams{Latitude: &latitude, Longitude: &longitude, Accuracy: &accuracy})
		return err
	}))
}

func (b *browser) nowhere() {
	b.tb.Helper()
	b.permit("geolocation", cdpbrowser.PermissionSettingDenied)
}

func (b *browser) permit(what string, setting cdpbrowser.PermissionSetting) {
	b.tb.Helper()
	b.do("permit "+what, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, cdpbrowser.SetPermission, cdpbrowser.SetPermissionParams{Permission: &cdpbrowser.PermissionDescriptor{Name: what}, Setting: setting})
		return err
	}))
}

// heard fails the test for what a page does wrong.
func (b *browser) heard(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.tb.Errorf("a script failed: %+v", e.ExceptionDetails)
	case *log.EventEntryAdded:
		if e.Entry.Source == log.EntrySourceSecurity {
			b.tb.Errorf("the page did what its policy forbids: %s", e.Entry.Text)
		}
	}
}

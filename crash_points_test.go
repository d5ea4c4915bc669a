package aforro_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aforro/pkg/crash"
)

// crashFolder declares the crash points; cmd/aforro has a way to each.
const crashFolder = "pkg/crash"

// mustTree parses a file whole.
func mustTree(t *testing.T, name string) *ast.File {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// crashCalls are the arguments of every crash.At below a node: "SaveBegun" for
// crash.SaveBegun, else what cannot be a point.
func crashCalls(node ast.Node) (points []string) {
	ast.Inspect(node, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || !selects(call.Fun, "crash", "At") {
			return true
		}
		name := fmt.Sprintf("%T", call.Args[0])
		if point, ok := call.Args[0].(*ast.SelectorExpr); ok && selects(point, "crash", point.Sel.Name) {
			name = point.Sel.Name
		}
		points = append(points, name)
		return true
	})
	return points
}

// selects reports whether an expression is x.name.
func selects(e ast.Expr, x, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name {
		return false
	}
	id, ok := s.X.(*ast.Ident)
	return ok && id.Name == x
}

// declaredPoints maps the name of each constant of type Point to its value.
func declaredPoints(t *testing.T) map[string]crash.Point {
	t.Helper()
	declared := map[string]crash.Point{}
	ast.Inspect(mustTree(t, filepath.Join(crashFolder, "points.go")), func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		value, ok := spec.Values[0].(*ast.BasicLit)
		if typed, isIdent := spec.Type.(*ast.Ident); !ok || !isIdent || typed.Name != "Point" {
			t.Errorf("%s is not declared as a Point with a name", spec.Names[0])
			return true
		}
		declared[spec.Names[0].Name] = crash.Point(strings.Trim(value.Value, `"`))
		return true
	})
	return declared
}

// A point that nobody passes, one that is not in the list (which the suite in
// cmd/aforro goes through), and a call with anything else than a point.
func TestCrashPointsAreListedAndPassed(t *testing.T) {
	t.Parallel()
	declared := declaredPoints(t)
	for name, value := range declared {
		if !slices.Contains(crash.Points(), value) {
			t.Errorf("crash.Points does not list %s", name)
		}
	}
	if n := len(crash.Points()); n != len(declared) || n < 10 {
		t.Errorf("%d points are listed and %d are declared", n, len(declared))
	}
	passed := map[string]bool{}
	for _, f := range mustFiles(t) {
		if f.test || f.dir == crashFolder || !slices.Contains(f.imports, "aforro/"+crashFolder) {
			continue
		}
		for _, name := range crashCalls(mustTree(t, f.name)) {
			passed[name] = true
			if _, known := declared[name]; !known {
				t.Errorf("%s calls crash.At with %s, which is not a point", f.name, name)
			}
		}
	}
	for name := range declared {
		if !passed[name] {
			t.Errorf("nothing passes %s", name)
		}
	}
}

// Whoever gives an order's path another transaction gives it a point at which
// to die before its commit.
func TestEveryTransactionOfAnOrderHasACrashPoint(t *testing.T) {
	t.Parallel()
	transactions := 0
	for _, f := range mustFiles(t) {
		name := filepath.Base(f.name)
		if f.test || f.dir != "pkg/postgres" || (!strings.HasPrefix(name, "order") && name != "confirmation.go") {
			continue
		}
		ast.Inspect(mustTree(t, f.name), func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !beginsTransaction(call.Fun) {
				return true
			}
			transactions++
			if len(crashCalls(call)) == 0 {
				t.Errorf("%s: a transaction has no crash.At in it", f.name)
			}
			return true
		})
	}
	if transactions < 5 {
		t.Errorf("only %d transactions were found", transactions)
	}
}

func beginsTransaction(fun ast.Expr) bool {
	s, ok := fun.(*ast.SelectorExpr)
	return ok && slices.Contains([]string{"inTx", "run", "BeginFunc", "BeginTxFunc", "Begin", "BeginTx"}, s.Sel.Name)
}

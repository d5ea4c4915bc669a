// Package lifecycle runs the parts of a process together and stops them in
// order. A part is a blocking Run: it returns nil after its context ends and
// everything of it is put away.
package lifecycle

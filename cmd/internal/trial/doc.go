// Package trial is what the programs share that try the product under faults:
// durable services of their own, links to them that can be disturbed, the
// product's processes, SQL as a person would run it, and what was found to be off.
package trial

// Command bench prints how fast Aforro is, each figure as a ratio to a named
// reference measured in the same run, several rounds with their spread. It is
// a program, not a test: it fails only when it cannot measure.
package main

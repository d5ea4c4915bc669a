package fault

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestCodeSurvivesWrapping(t *testing.T) {
	t.Parallel()
	cause := errors.New("driver text")
	err := fmt.Errorf("save: %w", Wrap(cause, Unavailable, "try again"))
	if !Is(err, Unavailable) || Is(err, NotFound) || !errors.Is(err, cause) {
		t.Errorf("lost its code or cause: %v", err)
	}
	var f *Error
	if !errors.As(err, &f) || strings.Contains(f.Message, "driver") {
		t.Errorf("the message shows the driver's text: %v", f)
	}
}

func TestAnythingElseIsInternal(t *testing.T) {
	t.Parallel()
	if CodeOf(errors.New("x")) != Internal || CodeOf(nil) != "" || Is(nil, Internal) {
		t.Error("an error without a code must be Internal, and nil no error at all")
	}
}

package mail

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/textproto"

	gomail "github.com/wneessen/go-mail"

	"aforro/pkg/notify"
)

// result says what an error of the library means. What the server wrote stays
// out: it may repeat the address or the credentials.
func result(ctx context.Context, err error) notify.Result {
	var sending *gomail.SendError
	var answered *textproto.Error
	var network net.Error
	switch {
	case errors.As(err, &sending) && sending.ErrorCode() >= 400:
		return refused(sending.ErrorCode(), sending.Reason)
	case errors.As(err, &answered):
		return notify.Result{Status: answered.Code, Detail: fmt.Sprintf("the mail server answered %d before it took anything", answered.Code)}
	case ctx.Err() != nil, errors.As(err, &network) && network.Timeout():
		return notify.Failed("the mail server did not answer in time")
	case errors.As(err, &sending):
		return notify.Failed("the mail server broke off while " + sending.Reason.String())
	}
	return notify.Failed("the mail server cannot be used: " + err.Error())
}

// refused: a recipient that the server refuses for good is one for good. Other
// refusals may be a mistake in our settings, which somebody will put right.
func refused(code int, why gomail.SendErrReason) notify.Result {
	if why == gomail.ErrSMTPRcptTo && code >= 500 {
		return notify.Refused(code, fmt.Sprintf("the mail server refused the recipient: %d", code))
	}
	return notify.Result{Status: code, Detail: fmt.Sprintf("the mail server answered %d to %s", code, why)}
}

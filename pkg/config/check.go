package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// verify holds a value against the setting's check. Empty values pass: whether
// a setting is needed depends on the command.
func (s Setting) verify(v reflect.Value) error {
	if s.check == "" || (v.Kind() != reflect.Int && v.Kind() != reflect.Int32 && v.Kind() != reflect.Int64 && v.IsZero()) {
		return nil
	}
	kind, arg, _ := strings.Cut(s.check, ":")
	switch kind {
	case "min":
		return inRange(v, s.check)
	case "cidrs":
		return cidrs(v.Interface().([]string))
	case "origins":
		return origins(v.Interface().([]string))
	}
	return text(kind, arg, v.String())
}

var nameRE = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

func text(kind, arg, v string) error {
	switch kind {
	case "url":
		return oneURL(v, strings.Split(arg, ","))
	case "urls":
		for u := range strings.SplitSeq(v, ",") {
			if err := oneURL(strings.TrimSpace(u), strings.Split(arg, ",")); err != nil {
				return err
			}
		}
	case "addr":
		if _, port, err := net.SplitHostPort(v); err != nil || !portOK(port) {
			return errors.New("must be host:port, such as 127.0.0.1:8000")
		}
	case "name":
		if !nameRE.MatchString(v) {
			return errors.New("must begin with a letter and hold only a-z, 0-9 and _ (at most 40)")
		}
	case "len":
		if n, err := strconv.Atoi(arg); err != nil || len(v) < n {
			return fmt.Errorf("must have at least %s characters", arg)
		}
	case "mail":
		if _, err := mail.ParseAddress(v); err != nil {
			return errors.New("must be an address, such as shop@example.com or Shop <shop@example.com>")
		}
	case "oneof":
		if !slices.Contains(strings.Split(arg, ","), v) {
			return fmt.Errorf("must be one of %s", strings.ReplaceAll(arg, ",", ", "))
		}
	}
	return nil
}

func portOK(port string) bool {
	_, err := strconv.ParseUint(port, 10, 16)
	return err == nil
}

// oneURL never repeats the value: it may hold a password.
func oneURL(v string, schemes []string) error {
	u, err := url.Parse(v)
	if err != nil || !slices.Contains(schemes, u.Scheme) || (u.Host == "" && u.Path == "") {
		return fmt.Errorf("must be a URL that begins with %s://", strings.Join(schemes, ":// or "))
	}
	return nil
}

// inRange checks "min:A,max:B" for numbers and durations.
func inRange(v reflect.Value, check string) error {
	low, high, _ := strings.Cut(strings.TrimPrefix(check, "min:"), ",max:")
	n := v.Int()
	if n < number(v, low) || n > number(v, high) {
		return fmt.Errorf("must be between %s and %s", low, high)
	}
	return nil
}

func number(v reflect.Value, s string) int64 {
	if v.Type() == reflect.TypeFor[time.Duration]() {
		d, err := time.ParseDuration(s)
		if err != nil {
			panic("config: bad range in a tag: " + s)
		}
		return int64(d)
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		panic("config: bad range in a tag: " + s)
	}
	return n
}

func cidrs(list []string) error {
	for _, s := range list {
		if _, err := netip.ParsePrefix(strings.TrimSpace(s)); err != nil {
			return fmt.Errorf("must be a list of networks such as 10.0.0.0/8, and %q is none", s)
		}
	}
	return nil
}

// origins are scheme and host, with nothing behind: what browsers call an origin.
func origins(list []string) error {
	for _, s := range list {
		u, err := url.Parse(strings.TrimSpace(s))
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || strings.ContainsAny(s, ";'\"*") || strings.TrimSuffix(strings.TrimSpace(s), "/") != u.Scheme+"://"+u.Host {
			return fmt.Errorf("must be a list of origins such as https://images.example.com, and %q is none", s)
		}
	}
	return nil
}

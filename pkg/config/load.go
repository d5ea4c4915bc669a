package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Load reads the settings: overrides (by variable name, from flags) before the
// environment before the defaults. Every setting that is wrong, and each of
// required (by variable name) that is empty, is reported in the one error.
func Load(overrides map[string]string, required ...string) (Config, error) {
	return load(environment(os.Environ()), overrides, required)
}

func environment(pairs []string) map[string]string {
	vars := map[string]string{}
	for _, kv := range pairs {
		if k, v, ok := strings.Cut(kv, "="); ok && strings.HasPrefix(k, "AFORRO_") && v != "" {
			vars[k] = v
		}
	}
	return vars
}

func load(vars, overrides map[string]string, required []string) (Config, error) {
	for k, v := range overrides {
		vars[k] = v
	}
	var c Config
	errs, unread := parse(&c, vars)
	for _, s := range Settings() {
		v := reflect.ValueOf(c).Field(s.index)
		switch {
		case unread[s.Env]: // reported already
		case v.IsZero() && slices.Contains(required, s.Env):
			errs = append(errs, fmt.Errorf("%s (--%s) is needed here: %s", s.Env, s.Flag, s.Help))
		default:
			if err := s.verify(v); err != nil {
				errs = append(errs, fmt.Errorf("%s (--%s) %w", s.Env, s.Flag, err))
			}
		}
	}
	if c.SMTPURL != "" && c.MailFrom == "" {
		errs = append(errs, errors.New("AFORRO_MAIL_FROM (--mail-from) is needed with AFORRO_SMTP_URL: the sender of e-mail"))
	}
	return c, errors.Join(append(errs, unknown(vars)...)...)
}

// parse fills c and returns one plain sentence for each value of a wrong type,
// and the names of those.
func parse(c *Config, vars map[string]string) (errs []error, unread map[string]bool) {
	err := env.ParseWithOptions(c, env.Options{Environment: vars})
	var all env.AggregateError
	if err == nil || !errors.As(err, &all) {
		return slices.DeleteFunc([]error{err}, func(e error) bool { return e == nil }), nil
	}
	unread = map[string]bool{}
	for _, e := range all.Errors {
		var p env.ParseError
		if !errors.As(e, &p) {
			errs = append(errs, e)
			continue
		}
		for _, s := range Settings() {
			if reflect.TypeOf(*c).Field(s.index).Name == p.Name {
				unread[s.Env] = true
				errs = append(errs, fmt.Errorf("%s (--%s) must be of type %s, such as %q", s.Env, s.Flag, s.Type, s.Default))
			}
		}
	}
	return errs, unread
}

// notSettings are variables, or what they begin with, of the same prefix that
// other parts read: the tests' images and services, and the scripts in deploy.
var notSettings = []string{
	"AFORRO_TEST_", "AFORRO_IMAGE", "AFORRO_COMPOSE_", "AFORRO_KIBANA_", "AFORRO_BENCH_",
	"AFORRO_POSTGRES_PASSWORD", "AFORRO_STANDIN_IMAGES", "AFORRO_DOCKER_LOG",
}

// unknown names variables that look like settings and are none: a typo in a
// name would otherwise pass unseen.
func unknown(vars map[string]string) []error {
	known := map[string]bool{}
	for _, s := range Settings() {
		known[s.Env] = true
	}
	var names []string
	for name := range vars {
		other := slices.ContainsFunc(notSettings, func(p string) bool { return strings.HasPrefix(name, p) })
		if !known[name] && !other {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var errs []error
	for _, name := range names {
		errs = append(errs, fmt.Errorf("%s is not a setting; 'aforro config' lists them all", name))
	}
	return errs
}

package main

import (
	// An image without certificates has these to trust (Dockerfile's base is empty).
	_ "golang.org/x/crypto/x509roots/fallback"

	"aforro/pkg/mail"
	"aforro/pkg/notify"
	"aforro/pkg/postgres"
	"aforro/pkg/webhook"
	"aforro/worker"
)

// deliveries is how the worker tells of decisions.
func (a *app) deliveries(db *postgres.DB) (worker.DelivererOptions, error) {
	o := worker.DelivererOptions{Outbox: db, Webhooks: a.webhooks(), Grace: a.cfg.StopGrace / 3}
	if a.cfg.SMTPURL == "" {
		return o, nil
	}
	sender, err := mail.New(mail.Options{URL: a.cfg.SMTPURL, From: a.cfg.MailFrom})
	if err != nil {
		return o, err
	}
	o.Mail = sender
	return o, nil
}

// webhooks sends webhooks where the settings allow.
func (a *app) webhooks() *webhook.Sender {
	s := webhook.New(webhook.Options{AllowPrivate: a.cfg.WebhookAllowPrivate})
	a.closers = append(a.closers, s.Close)
	return s
}

// directory manages webhook endpoints.
func (a *app) directory(db *postgres.DB) *notify.Directory {
	return &notify.Directory{Store: db, Secrets: db, Outbox: db, Sender: a.webhooks(), AllowPrivate: a.cfg.WebhookAllowPrivate}
}

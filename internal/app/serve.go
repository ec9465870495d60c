package app

import (
	"context"
	"log/slog"

	"refunddesk/activities"
	"refunddesk/internal/auth"
	"refunddesk/internal/config"
	"refunddesk/internal/engine"
	"refunddesk/internal/mail"
	"refunddesk/internal/store"
	"refunddesk/internal/store/postgres"
)

// Serve runs the production program until the context ends.
func Serve(ctx context.Context, c config.Serve, log *slog.Logger) error {
	records, err := postgres.Open(postgres.Config{
		URL: c.Database.Database, Role: postgres.AppRole, MaxConnections: 32, Options: store.Options{Drain: c.DrainWindow},
	})
	if err != nil {
		return err
	}
	mailer, err := mailerOf(c, log)
	if err != nil {
		return err
	}
	var verifier auth.Verifier
	if c.Role != config.RoleWorker {
		verifier, err = auth.New(auth.Config{
			Issuer: c.Issuer, Audience: c.Audience, RolesClaim: c.RolesClaim, AccountClaim: c.AccountClaim,
		})
		if err != nil {
			return err
		}
	}
	pages, err := consoleOf(c, verifier, log)
	if err != nil {
		return err
	}
	a, err := Start(Options{
		Role: c.Role, HTTP: c.HTTP, Store: records,
		Engine:   engine.Options{Address: c.Engine, Namespace: c.EngineNamespace, TaskQueue: c.TaskQueue},
		Verifier: verifier, Mailer: mailer, Metrics: c.Metrics, RateLimit: c.RateLimit, Console: pages, Drain: c.DrainWindow,
		ShutdownDelay: c.ShutdownDelay, ShutdownTimeout: c.ShutdownTimeout, Log: log,
	})
	if err != nil {
		return err
	}
	log.Info("serving", "http", a.Address(), "role", c.Role, "engine", c.Engine)
	select {
	case err = <-a.Failed():
		log.Error("the HTTP server ended by itself", "error", err)
	case <-ctx.Done():
		log.Info("stopping")
	}
	if stopErr := a.Stop(); err == nil {
		err = stopErr
	}
	return err
}

func mailerOf(c config.Serve, log *slog.Logger) (activities.Mailer, error) {
	if c.SMTP == "" {
		return mail.NewOff(log), nil
	}
	return mail.New(mail.Config{URL: c.SMTP, From: c.MailFrom})
}

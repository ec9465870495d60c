// Package devengine runs the whole workflow engine (Temporal's server and its web page)
// inside the development program, the benchmark and the recorder of histories: no second
// program to install, one file to keep. The production program never links it.
//
// The engine keeps its records in one SQLite file, or in PostgreSQL for the benchmark. It
// survives being killed at any moment and started again on the same file.
//
// Linking this package costs minutes in a cold build (and again under the race detector):
// import it from programs, not from packages that many tests need.
package devengine

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/temporal"

	"refunddesk/internal/fault"
)

// SearchAttributes are those of the Refund workflow; the namespace is registered with them
// unless the options name others.
var SearchAttributes = map[string]enumspb.IndexedValueType{
	"RefundState": enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"AccountId":   enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"PackageId":   enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"TicketQueue": enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"DueAt":       enumspb.INDEXED_VALUE_TYPE_DATETIME,
	"Verdict":     enumspb.INDEXED_VALUE_TYPE_KEYWORD,
}

const (
	// DefaultNamespace is where workflows live when the options name no other.
	DefaultNamespace = "default"
	// DefaultRetention is how long closed workflows are kept when the options do not say.
	DefaultRetention = 7 * 24 * time.Hour
	// minRetention is the engine's own lower limit.
	minRetention = time.Hour
	// patience is how long a just killed predecessor may take to let go of file and ports.
	patience = 3 * time.Second
)

// Options say where the engine keeps its records and where it listens.
type Options struct {
	// File is the SQLite file; its folder must exist. Beside it the engine keeps FILE.lock
	// and FILE.ports.json. One of File and PostgresURL is required.
	File string
	// PostgresURL keeps the records in PostgreSQL instead: the named database and a second
	// one, NAME_visibility, which is created when missing.
	PostgresURL string
	// Address is the loopback host:port where clients connect. Port 0 picks a free one,
	// which a later start on the same file takes again.
	Address string
	// UIAddress is the loopback host:port of the engine's own web page; "" leaves it off.
	UIAddress string
	// Namespace is registered at the first start; DefaultNamespace when empty.
	Namespace string
	// Retention of closed workflows, DefaultRetention when zero. A change reaches an
	// existing file at the next start.
	Retention time.Duration
	// SearchAttributes of the namespace; nil means the package's SearchAttributes.
	// Attributes missing from an existing file are added at the next start.
	SearchAttributes map[string]enumspb.IndexedValueType
	// SuggestContinueAsNewAfter is the number of history events after which a workflow is
	// told to continue as new; 0 leaves the engine's default of 4,096. For recordings.
	SuggestContinueAsNewAfter int
	// Log hears of what makes the engine stop the process, and at debug level of the
	// engine's own errors; nil is slog's default.
	Log *slog.Logger
}

// Engine is a running engine.
type Engine struct {
	address   string
	uiAddress string
	namespace string
	server    temporal.Server
	ui        *webPage
	lock      *os.File
}

// Address is the host:port where clients connect.
func (e *Engine) Address() string { return e.address }

// UIAddress is the host:port of the engine's web page, "" when it is off.
func (e *Engine) UIAddress() string { return e.uiAddress }

// Namespace is where workflows live.
func (e *Engine) Namespace() string { return e.namespace }

// Start starts the engine and returns when workflows can be started in its namespace.
//
// It returns a *fault.Error with the code invalid-value for an address that is not
// loopback, address-in-use when another program listens there, data-in-use when another
// process has the file open, and engine-file when the file is not one this version can read.
func Start(ctx context.Context, o Options) (_ *Engine, err error) {
	o, err = o.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &Engine{namespace: o.Namespace}
	defer func() {
		if err != nil {
			e.Stop()
		}
	}()
	if o.File != "" {
		if e.lock, err = lockFile(ctx, o.File+".lock"); err != nil {
			return nil, err
		}
	}
	ports, err := choosePorts(ctx, o)
	if err != nil {
		return nil, err
	}
	e.address = ports.frontend()
	var page *net.TCPAddr
	if o.UIAddress != "" {
		if page, err = webPageAddress(ctx, o.UIAddress); err != nil {
			return nil, err
		}
		e.uiAddress = page.String()
	}

	logger := newEngineLog(o.Log)
	db, err := prepareDatabase(ctx, o, logger)
	if err != nil {
		return nil, err
	}
	if err = createNamespace(o, db); err != nil {
		return nil, err
	}
	cfg := serverConfig(db, ports)
	server, err := temporal.NewServer(
		temporal.WithConfig(cfg),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(ports.hosts()),
		temporal.WithLogger(logger),
		temporal.WithNamespaceLogger(logger),
		temporal.WithDynamicConfigClient(settings(o)),
	)
	if err != nil {
		return nil, fmt.Errorf("assemble the engine: %w", err)
	}
	e.server = server
	if err = server.Start(); err != nil {
		return nil, fmt.Errorf("start the engine: %w", err)
	}
	if err = e.ready(ctx, o); err != nil {
		return nil, err
	}
	if page != nil {
		e.ui = startWebPage(page, e.address, e.namespace)
	}
	return e, nil
}

// Stop stops the web page and the engine and lets go of the file. Clients should be closed
// before. A second call does nothing.
func (e *Engine) Stop() {
	if e.ui != nil {
		e.ui.stop()
		e.ui = nil
	}
	if e.server != nil {
		// The one error Stop can return is about services that never started.
		_ = e.server.Stop()
		e.server = nil
	}
	if e.lock != nil {
		_ = e.lock.Close() // releases the lock
		e.lock = nil
	}
}

// ready waits until the namespace serves and is as the options ask.
func (e *Engine) ready(ctx context.Context, o Options) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	c, err := client.NewLazyClient(client.Options{
		HostPort: e.address, Namespace: e.namespace, Logger: quietSDK{},
	})
	if err != nil {
		return fmt.Errorf("connect to the engine: %w", err)
	}
	defer c.Close()
	if err := keepNamespace(ctx, c, o); err != nil {
		return fmt.Errorf("the engine did not become ready: %w", err)
	}
	return nil
}

func (o Options) withDefaults() (Options, error) {
	if (o.File == "") == (o.PostgresURL == "") {
		return o, fault.InvalidField("engine file", "name either a file or a PostgreSQL database")
	}
	if o.Namespace == "" {
		o.Namespace = DefaultNamespace
	}
	if o.Retention == 0 {
		o.Retention = DefaultRetention
	}
	if o.Retention < minRetention {
		return o, fault.InvalidField("retention", "must be %v or more, is %v", minRetention, o.Retention)
	}
	if o.SuggestContinueAsNewAfter < 0 {
		return o, fault.InvalidField("continue-as-new limit", "must be 0 or more, is %d", o.SuggestContinueAsNewAfter)
	}
	if o.SearchAttributes == nil {
		o.SearchAttributes = SearchAttributes
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	var err error
	if o.Address, err = loopback("--engine", o.Address); err != nil {
		return o, err
	}
	if o.UIAddress != "" {
		if o.UIAddress, err = loopback("--engine-ui", o.UIAddress); err != nil {
			return o, err
		}
	}
	return o, nil
}

// createNamespace writes the namespace before the engine's first start, so that it serves
// at once instead of after a refresh of the engine's caches. It leaves an existing one be.
func createNamespace(o Options, db database) error {
	ns, err := sqlite.NewNamespaceConfig(clusterName, o.Namespace, false, o.SearchAttributes)
	if err != nil {
		return fmt.Errorf("describe the engine's namespace: %w", err)
	}
	ns.Detail.Config.Retention = durationProto(o.Retention)
	// Despite its package's name it writes through whichever plug-in the store names.
	if err := sqlite.CreateNamespaces(db.main, ns); err != nil {
		return fmt.Errorf("create the engine's namespace: %w", err)
	}
	return nil
}

package devengine

import (
	"context"
	"net"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
)

// webPage is the engine's own page.
type webPage struct {
	server *uiserver.Server
	ended  chan struct{}
}

// webPageAddress finds out whether the page can listen there, because the page's server ends
// the process when it cannot. Port 0 becomes a free one.
func webPageAddress(ctx context.Context, addr string) (*net.TCPAddr, error) {
	var held listeners
	defer held.close()
	if err := held.insist(ctx, "--engine-ui", addr); err != nil {
		return nil, err
	}
	return held[0].Addr().(*net.TCPAddr), nil
}

// startWebPage is called when the engine serves: the page connects as soon as it is made.
func startWebPage(at *net.TCPAddr, engine, namespace string) *webPage {
	host := at.IP.String()
	if at.IP.To4() == nil {
		host = "[" + host + "]" // the page's server joins host and port with a bare colon
	}
	page := &webPage{
		server: uiserver.NewServer(uioptions.WithConfigProvider(&uiconfig.Config{
			TemporalGRPCAddress: engine,
			Host:                host,
			Port:                at.Port,
			EnableUI:            true,
			DefaultNamespace:    namespace,
			DisableNewsFetch:    true,                                // nothing of ours calls the world
			CORS:                uiconfig.CORS{CookieInsecure: true}, // plain HTTP on loopback
			HideLogs:            true,
		})),
		ended: make(chan struct{}),
	}
	go func() {
		defer close(page.ended)
		_ = page.server.Start() // nil once stopped
	}()
	return page
}

func (p *webPage) stop() {
	p.server.Stop()
	<-p.ended
}

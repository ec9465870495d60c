package deploy

import (
	"encoding/json"
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/identity"
)

func TestTheRealmHasTheRolesOfTheProgram(t *testing.T) {
	r, _ := readRealm(t)
	var have []identity.Role
	for _, role := range r.Roles.Realm {
		have = append(have, identity.Role(role.Name))
	}
	require.ElementsMatch(t, identity.Roles, have)
	held := map[identity.Role]bool{}
	for _, u := range r.Users {
		for _, role := range u.Roles {
			require.True(t, identity.Known(identity.Role(role)), "%s: %s", u.Username, role)
			held[identity.Role(role)] = true
		}
	}
	require.Len(t, held, len(identity.Roles), "somebody holds each")
}

// What the issuer puts into tokens is what the services are told to look for.
func TestTokensSayWhatTheServicesRead(t *testing.T) {
	r, _ := readRealm(t)
	c := readCompose(t)
	serve := c.Services["api"].Environment
	issuer, err := url.Parse(serve["REFUNDDESK_ISSUER"])
	require.NoError(t, err)
	require.Equal(t, "/realms/"+r.Realm, issuer.Path)
	keycloak := c.Services["keycloak"]
	require.Equal(t, keycloak.Environment["KC_HOSTNAME"], issuer.Scheme+"://"+issuer.Host)
	require.Equal(t, keycloak.Environment["KC_HTTP_PORT"], issuer.Port())
	require.Contains(t, keycloak.Networks["default"].Aliases, issuer.Hostname(), "the services reach it by the name in its tokens")
	require.Contains(t, keycloak.Ports, "127.0.0.1:"+issuer.Port()+":"+issuer.Port(), "and so do people")
	require.Equal(t, "realm_access.roles", serve["REFUNDDESK_ROLES_CLAIM"], "where Keycloak puts a realm's roles")

	for _, client := range r.Clients {
		audience := slices.ContainsFunc(client.Mappers, func(m mapper) bool {
			return m.Kind == "oidc-audience-mapper" && m.Config["included.client.audience"] == serve["REFUNDDESK_AUDIENCE"] && m.Config["access.token.claim"] == "true"
		})
		require.True(t, audience, "tokens of %s name the audience", client.ClientID)
	}
	for _, id := range []string{"refunddesk", serve["REFUNDDESK_CLIENT_ID"]} {
		account := slices.ContainsFunc(clientOf(t, r, id).Mappers, func(m mapper) bool {
			return m.Kind == "oidc-usermodel-attribute-mapper" && m.Config["claim.name"] == serve["REFUNDDESK_ACCOUNT_CLAIM"] && m.Config["user.attribute"] == "account_id" && m.Config["multivalued"] == "false" && m.Config["access.token.claim"] == "true"
		})
		require.True(t, account, id)
	}
}

func clientOf(t *testing.T, r realm, id string) client {
	t.Helper()
	n := slices.IndexFunc(r.Clients, func(c client) bool { return c.ClientID == id })
	require.GreaterOrEqual(t, n, 0, "the realm has a client %q", id)
	return r.Clients[n]
}

// The console signs people in with a client that can do nothing else: a code that comes back
// to the console's own address, with PKCE.
func TestTheConsolesClient(t *testing.T) {
	r, _ := readRealm(t)
	serve := readCompose(t).Services["api"].Environment
	c := clientOf(t, r, serve["REFUNDDESK_CLIENT_ID"])
	require.False(t, c.Public)
	require.Equal(t, "${CONSOLE_CLIENT_SECRET}", c.Secret)
	require.Contains(t, serve["REFUNDDESK_CLIENT_SECRET"], "${CONSOLE_CLIENT_SECRET:?", "the same on both sides")
	require.True(t, c.Standard)
	require.False(t, c.Implicit)
	require.False(t, c.Direct)
	require.Equal(t, []string{serve["REFUNDDESK_PUBLIC_URL"] + "/sign-in/callback"}, c.Redirects)
	require.Equal(t, "S256", c.Attributes["pkce.code.challenge.method"])
	require.Equal(t, serve["REFUNDDESK_PUBLIC_URL"]+"/signed-out", c.Attributes["post.logout.redirect.uris"])
	require.NotEqual(t, serve["REFUNDDESK_AUDIENCE"], c.ClientID, "an id token of the console is no bearer token of the API")
	for _, other := range r.Clients {
		require.True(t, other.ClientID == c.ClientID || !other.Standard, "%s signs nobody in with a browser", other.ClientID)
	}
}

func TestDemoPeople(t *testing.T) {
	r, raw := readRealm(t)
	accounts := map[string]string{}
	for _, u := range r.Users {
		if u.Client != "" {
			require.Equal(t, []string{"integrator"}, u.Roles, "a program is no person")
			continue
		}
		// Keycloak refuses the password grant to somebody whose profile is not complete.
		require.NotEmpty(t, u.Email, u.Username)
		require.NotEmpty(t, u.FirstName, u.Username)
		require.NotEmpty(t, u.LastName, u.Username)
		require.Len(t, u.Credentials, 1)
		require.Equal(t, "${DEMO_PASSWORD}", u.Credentials[0].Value)
		customer := slices.Contains(u.Roles, string(identity.Customer))
		require.Equal(t, customer, len(u.Attributes["account_id"]) == 1, "%s: a customer has one account, nobody else has", u.Username)
		if customer {
			accounts[u.Username] = u.Attributes["account_id"][0]
		}
	}
	require.Equal(t, map[string]string{"customer": "acct_demo", "customer2": "acct_demo2"}, accounts)
	require.Equal(t, "${BILLING_CLIENT_SECRET}", clientOf(t, r, "billing").Secret)
	keycloak := readCompose(t).Services["keycloak"].Environment
	for _, match := range reference.FindAllStringSubmatch(raw, -1) {
		require.Contains(t, keycloak, match[1], "realm.json's placeholder is filled in")
	}
}

// A customer who could change his own account_id would be every customer.
func TestNobodyEditsHisOwnAccount(t *testing.T) {
	r, _ := readRealm(t)
	component := r.Components["org.keycloak.userprofile.UserProfileProvider"]
	require.Len(t, component, 1)
	var profile struct {
		Unmanaged  string `json:"unmanagedAttributePolicy"`
		Attributes []struct {
			Name        string `json:"name"`
			Permissions struct {
				Edit []string `json:"edit"`
			} `json:"permissions"`
		} `json:"attributes"`
	}
	require.NoError(t, json.Unmarshal([]byte(component[0].Config["kc.user.profile.config"][0]), &profile))
	require.Empty(t, profile.Unmanaged, "attributes outside the profile stay off")
	for _, a := range profile.Attributes {
		if a.Name == "account_id" {
			require.Equal(t, []string{"admin"}, a.Permissions.Edit)
			return
		}
	}
	t.Fatal("account_id is not in the profile: Keycloak would drop it")
}

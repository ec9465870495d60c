package main
import ("testing";"context";"os/exec";"os"
"refunddesk/internal/store/pgtest";"refunddesk/internal/store/postgres")
func TestZZ(t *testing.T){
 u := pgtest.New(t, func(ctx context.Context, url string) error { s,err:=postgres.Open(postgres.Config{URL:url,MaxConnections:2}); if err!=nil {return err}; defer s.Close(); _,err=s.Migrate(ctx); return err }, "zz")
 os.WriteFile("/tmp/h1/d.yaml", []byte("x: 1"), 0o644)
 for _,a := range [][]string{{"policy","diff","../../internal/policy/default.yaml","--database",u},{"policy","backtest","../../internal/policy/default.yaml","--database",u},{"policy","diff","../../internal/policy/default.yaml","--against","77","--database",u},{"policy","diff","/tmp/h1/bad2.yaml","--database",u},{"policy","check","/nope"}} {
  c:=exec.Command("/tmp/h1/rd",a...); out,err:=c.CombinedOutput(); t.Logf("%v\n%s%v",a[:3],out,err) }
}

package main

import (
	"fmt"
	"time"

	"refunddesk/internal/refund"
)

// company is a fictional customer.
type company struct {
	name, slug string
	chinese    bool
}

var companies = []company{
	{"Larkspur Parcel", "larkspur", false}, {"海棠物流", "haitang", true}, {"Quillfeather Books", "quillfeather", false},
	{"青石科技", "qingshi", true}, {"Brightwater Dental", "brightwater", false}, {"Tidewise Ferries", "tidewise", false},
	{"云杉旅行", "yunshan", true}, {"Copperleaf Bank", "copperleaf", false}, {"Fernhollow Clinics", "fernhollow", false},
	{"白鹭教育", "bailu", true}, {"Northlight Energy", "northlight", false}, {"松烟文创", "songyan", true},
	{"Applecart Grocers", "applecart", false}, {"Moonharbour Hotels", "moonharbour", false}, {"长亭出行", "changting", true},
	{"Silverbirch Telecare", "silverbirch", false}, {"Wrenfield Courier", "wrenfield", false}, {"望舒医疗", "wangshu", true},
	{"Ironbridge Tickets", "ironbridge", false}, {"Juniper & Vale", "junipervale", false}, {"南枝生鲜", "nanzhi", true},
	{"Oxbow Insurance", "oxbow", false}, {"Pebblebrook School", "pebblebrook", false}, {"听雨酒店", "tingyu", true},
	{"Redwing Cinemas", "redwing", false}, {"Saltmarsh Games", "saltmarsh", false}, {"知夏网络", "zhixia", true},
	{"Thistledown Apparel", "thistledown", false}, {"Umbra Optics", "umbra", false}, {"远山保险", "yuanshan", true},
	{"Velvet Rail", "velvetrail", false}, {"晴川电商", "qingchuan", true}, {"Windmere Pharmacy", "windmere", false},
	{"Yarrow Logistics", "yarrow", false}, {"竹溪金融", "zhuxi", true}, {"Zephyr Bikes", "zephyr", false},
	{"Elmcourt Legal", "elmcourt", false}, {"星河影业", "xinghe", true},
}

// misconduct are the accounts that are not in good standing, by their place in companies.
var misconduct = map[int]struct {
	standing refund.Standing
	reason   string
}{
	6:  {refund.Suspended, "Sent messages without the recipients' consent."},
	18: {refund.Suspended, "Sender name that belongs to somebody else."},
	29: {refund.Suspended, "Sent messages without the recipients' consent."},
	25: {refund.Terminated, "Fraudulent messages after two warnings."},
}

func accounts() []refund.Account {
	registered := time.Date(2023, 2, 1, 9, 0, 0, 0, time.UTC)
	list := []refund.Account{
		{ID: "acct_demo", Name: "Demo Customer", Email: "customer@example.com", Phone: "+12025550142", Payer: "payer_demo", Locale: refund.English, Standing: refund.Good, RegisteredAt: registered},
		{ID: "acct_demo2", Name: "演示客户", Email: "customer2@example.cn", Payer: "payer_demo2", Locale: refund.SimplifiedChinese, Standing: refund.Good, RegisteredAt: registered.AddDate(0, 5, 12)},
	}
	for i, c := range companies {
		a := refund.Account{
			ID: fmt.Sprintf("acct_%d", 1001+i), Name: c.name, Email: "billing@" + c.slug + ".example.com",
			Phone: fmt.Sprintf("+120255501%02d", i), Locale: refund.English, Standing: refund.Good,
			// Now and then two neighbours share a payer, as branches of one company do.
			Payer:        fmt.Sprintf("payer_%d", 1001+i-i%9/8),
			RegisteredAt: registered.AddDate(0, i%20, 3*i%27).Add(time.Duration(i) * 37 * time.Minute),
		}
		if c.chinese {
			a.Email, a.Phone, a.Locale = "caiwu@"+c.slug+".example.cn", "", refund.SimplifiedChinese
		}
		if m, bad := misconduct[i]; bad {
			a.Standing, a.StandingReason = m.standing, m.reason
		}
		list = append(list, a)
	}
	return list
}

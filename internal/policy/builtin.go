package policy

import "refunddesk/internal/refund"

// programRule is a rule that is part of the program and of every policy.
type programRule struct {
	outcome string // reason code when it rejects
	reason  string // for staff
	weight  int
	told    map[string]string // for the customer
}

func told(english, chinese string) map[string]string {
	return map[string]string{refund.English: english, refund.SimplifiedChinese: chinese}
}

var programRules = map[string]programRule{
	RuleTerminated: {
		outcome: refund.OutcomeTerminated, weight: 100,
		reason: "The account was terminated for a violation of the service agreement.",
		told:   told("The account was terminated for a violation of the service agreement; no refund is granted.", "该账户因违反服务协议已被终止，不予退款。"),
	},
	RuleDisputeLost: {
		outcome: refund.OutcomeDisputeLost, weight: 100,
		reason: "The price went back to the payer by a payment dispute.",
		told:   told("The price of the package has already gone back to the payer by a payment dispute.", "该套餐的款项已通过支付争议退回付款方。"),
	},
	RuleNothingToRefund: {
		outcome: refund.OutcomeNothingToRefund, weight: 100,
		reason: "Nothing of what was paid for the package is left.",
		told:   told("Nothing of what was paid for the package is left.", "该套餐已付金额已无剩余。"),
	},
	RuleUnknownFact: {
		weight: 40, reason: "A fact could not be read, so that the request cannot be judged by rules alone.",
		told: told("We are looking at your request more closely.", "我们正在进一步审核您的申请。"),
	},
	RuleAppeal: {
		weight: 50, reason: "The customer appeals a rejection; somebody who did not decide it has to look.",
		told: told("Your appeal is decided by a person who did not decide your first request.", "您的申诉将由未参与首次决定的审核人员处理。"),
	},
	RuleRollingBudget: {
		weight: 30, reason: "What was refunded to the account in 12 months, with this request, is above its budget.",
		told: told("The total of your refunds in the last 12 months needs a closer look.", "您近 12 个月的退款总额需要进一步审核。"),
	},
	RuleBrokenPolicy: {
		weight: 60, reason: "The policy in force cannot be read by this program; everything is reviewed until one is published that can.",
		told: told("We are looking at your request more closely.", "我们正在进一步审核您的申请。"),
	},
}

// builtIn reports whether the id is of a rule of the program, which no document may take.
func builtIn(id string) bool {
	_, ok := programRules[id]
	return ok
}

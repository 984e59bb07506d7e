package effect

// MeaningJA says in Japanese what Meaning says; "" for a result that it does not know.
func (d Decision) MeaningJA(login bool) string {
	switch d.Result {
	case Deny:
		return "認証の有無にかかわらず MAIL FROM で拒否される。"
	case Relay:
		return "認証の有無にかかわらず、どの差出人でも、どこあてでも中継される。この相手または差出人に対してはオープンリレーになっている。"
	case DefaultRule:
		return "既定の規則。実在する自社の差出人を名乗れば、どこあてでも中継される。ほかの差出人は自社あてだけ。認証は求められない。"
	case OnlyFrom:
		return "この相手は中継できる。実在する自社の差出人を名乗ればよく、認証は求められない。ほかの差出人は自社あてだけ。"
	case RelayNever:
		return "認証しても、実在する自社の宛先にしか届かない。"
	case RelayAfterAuth:
		if login {
			return "この認証の後は、実在する自社の差出人ならどこあてでも中継される。ほかの差出人は自社あてだけ。"
		}
		return "認証なしでは実在する自社の宛先にしか届かない。認証後は既定の規則になる。"
	case AnyAfterAuth:
		if login {
			return "この認証の後は、どの差出人でも、どこあてでも中継される。"
		}
		return "認証なしでは、どの差出人でも実在する自社の宛先にしか届かない。認証後は中継される。"
	case RestrictedByOnly:
		return restrictedJA(d, login)
	}
	return ""
}

func restrictedJA(d Decision, login bool) string {
	const restricted = "only の行により、中継は別の相手に限られている。外部の差出人からは実在する自社の宛先に届く。自社の差出人からは、"
	switch {
	case login && d.Zero:
		return restricted + "最終行の「,0」のため、この認証の後でもどこにも届かない。"
	case login:
		return restricted + "この認証の後なら自社の宛先に届く。外部あてはだれも送れない。"
	}
	return restricted + "認証なしではどこにも届かない。"
}

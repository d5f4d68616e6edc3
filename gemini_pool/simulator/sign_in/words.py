"""What the pages say, in the two languages they are known in."""

from types import MappingProxyType

WORDS = MappingProxyType(
    {
        "en": {
            "lang": "en",
            "sign_in": "Sign in to Gemini Business",
            "email": "Email",
            "continue_with_email": "Continue with email",
            "choose_account": "Choose an account",
            "other_account": "Use another account",
            "how_to_sign_in": "How do you want to sign in?",
            "email_me_a_code": "Email me a code",
            "enter_code": "Enter the verification code",
            "code_sent_to": "We sent a code to",
            "code_sent": "Verification code sent. Check your email.",
            "verify": "Verify",
            "resend": "Resend code",
            "wrong_code": "Incorrect code. Try again.",
            "expired_code": "This code has expired. Request a new one.",
            "too_many": "Too many attempts.",
            "something_wrong": "Something went wrong. Please try again later.",
            "try_something_else": "The server cannot process this. Try something else.",
            "sign_up_or_in": "Sign up or sign in",
            "restricted": "This account cannot use Gemini Business.",
            "welcome": "Start your trial",
            "full_name": "Full name",
            "agree": "Agree and get started",
            "being_made": "Setting up your workspace…",
            "choose_workspace": "Choose a workspace",
            "other_workspace": "Another workspace",
            "hello": "Hello",
            "ask_anything": "Ask anything",
            "settings": "Settings",
            "news": "What is new in Gemini Business",
            "days_left": "{} days left in your trial",
        },
        "zh": {
            "lang": "zh-CN",
            "sign_in": "登录 Gemini Business",
            "email": "邮箱",
            "continue_with_email": "使用邮箱继续",
            "choose_account": "选择账号",
            "other_account": "使用其他账号",
            "how_to_sign_in": "选择登录方式",
            "email_me_a_code": "通过邮箱接收验证码",
            "enter_code": "输入验证码",
            "code_sent_to": "我们已将验证码发送至",
            "code_sent": "验证码已发送，请查收您的邮件。",
            "verify": "验证",
            "resend": "重新发送验证码",
            "wrong_code": "验证码有误，请重试。",
            "expired_code": "验证码已过期。",
            "too_many": "验证码输入次数已超出上限。",
            "something_wrong": "出了点问题，请稍后再试。",
            "try_something_else": "请试试其他方法，选择其他登录方法。",
            "sign_up_or_in": "注册或登录",
            "restricted": "此账号无法使用 Gemini Business。",
            "welcome": "开始试用",
            "full_name": "全名",
            "agree": "同意并开始使用",
            "being_made": "正在创建工作区…",
            "choose_workspace": "选择工作区",
            "other_workspace": "另一个工作区",
            "hello": "您好",
            "ask_anything": "随便问",
            "settings": "设置",
            "news": "Gemini Business 新功能",
            "days_left": "试用期还剩 {} 天",
        },
    }
)


def language_of(accepted: str) -> str:
    """ "zh" or "en", by an Accept-Language header."""
    return "zh" if accepted.lower().startswith("zh") else "en"

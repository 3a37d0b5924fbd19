"""What a listener says only to show that the other may go on, and what a speaker says while looking for the rest."""

import re

_BACK_CHANNEL = re.compile(
    r"(?:(?:ok(?:ay)?|m+[ -]?h+m+|mhm|uh[ -]huh|yes|yeah|yep|right|got it|go (?:on|ahead)|sure|thanks?(?: you)?|"
    r"alright|all right|"
    r"perfect|great|good|and|then|next|so|after that|what(?:'s| is) next|what comes (?:next|after)|sorry|pardon|"
    r"say (?:that )?again|one (?:more )?time|"
    r"hold on|wait|let me (?:see|get|find|check|look|write|grab)[\w ]{0,25}|just a (?:sec(?:ond)?|moment|"
    r"minute)|one (?:sec(?:ond)?|moment)|"
    r"take your time|i'?m (?:writing|listening|ready)[\w ]{0,20}|slower|slowly|please|continue|keep going|"
    r"that'?s (?:right|it|correct)|correct|"
    r"um+|uh+|er+|hm+|嗯+|好的?|对+|是的?|行|哦|继续|然后呢?|后面呢?|接着(?:说|呢)?|还有呢?|请(?:说|讲|"
    r"继续)|你说|您说|慢(?:点|一点)说?|稍等|等一?下|"
    r"记(?:下|好)了|我记一下|"
    r"s[ií]|vale|bien|claro|siga|contin[uú]e|y|luego|perd[oó]n|espere|de acuerdo|ok|oui|d'accord|tr[eè]s bien|"
    r"allez-y|continuez|ensuite|et|puis|"
    r"pardon|attendez|a?j[aá]|うん|はい|ええ|どうぞ|続けて(?:ください)?|네|예|да|так|угу|نعم|طيب|تفضل|"
    r"mm[ -]hm|gut|genau|weiter|und|dann|moment|bitte|langsam|in ordnung|alles klar)[\s,.!?，。！？、…-]*)+",
    re.IGNORECASE,
)
_LONGEST = 60


def is_back_channel(text: str) -> bool:
    return len(text) <= _LONGEST and _BACK_CHANNEL.fullmatch(text) is not None

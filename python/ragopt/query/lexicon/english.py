"""English."""

from __future__ import annotations

from ragopt.query.lexicon.english_chat import CLOSINGS, OPENINGS, PLEASANTRY
from ragopt.query.lexicon.types import Lexicon, between, pattern, words

__all__ = ["ENGLISH"]

_FUNCTIONS = words(
    "a an the this that these those some any each every all both either neither no not none other another such same "
    "own "
    "i me my mine myself we us our ours you your yours he him his she her hers it its itself they them their theirs "
    "one "
    "ones who whom whose which what when where why how there here then than so too very just only also even still yet "
    "am is are was were be been being do does did doing done have has had having can could may might must shall should "
    "will would ought need cannot can't don't doesn't didn't isn't aren't wasn't won't wouldn't couldn't shouldn't "
    "it's that's what's who's there's i'm i've i'd i'll you're you've we're they're let's "
    "of in on at by for with about against between into through during before after above below to from up down out "
    "off "
    "over under again further once as if or and but nor because while until although though since unless whether via "
    "per "
    "within without across along among around behind beside besides beyond despite like near toward towards upon "
    "please thanks thank hi hello hey ok okay yes well now really much many more most less least few lot lots bit else "
    "ever never always often sometimes maybe perhaps already instead otherwise however therefore rather quite"
)
_ASPECTS = words(
    "price prices pricing cost costs fee fees charge charges limit limits quota quotas maximum minimum default "
    "defaults "
    "size sizes difference differences reason reasons advantage advantages disadvantage disadvantages benefit benefits "
    "drawback drawbacks downside downsides upside risk risks side effect effects symptom symptoms cause causes dose "
    "dosage duration deadline step steps requirement requirements exception exceptions alternative alternatives option "
    "options example examples version versions name names address hours status result results answer details detail "
    "meaning purpose point problem issue solution fix error errors syntax value values number numbers amount rate "
    "rates "
    "date time times year day days age weight height length distance color colour speed latency performance region "
    "regions country place places author owner capacity weather population capital temperature ingredients recipe "
    "instructions procedure rest first second third last next cheaper faster better best worse worst bigger smaller "
    "easier simpler quicker slower newer older safer cleaner way ways "
    "long far big old deep high tall wide fast large expensive soon often late early hard difficult cheap safe free "
    "dangerous possible necessary normal common available legal allowed included enough right wrong true"
)
_VERBS = words(
    "do make get give take use go come put set let know think say tell ask want need like mean work works working look "
    "find show try keep happen happens happened help start stop run cost costs last take takes took change changes add "
    "remove delete create enable disable increase reduce configure choose apply available recommend explain describe "
    "compare buy sell pay see eat drink wait done made used using getting looking supposed able sure possible continue "
    "repeat return back elaborate check fix avoid exist support include change decide visit please"
)
_QUESTIONS = pattern(
    r"(?:what|how|why|when|where|which|who|whom|whose|is|are|was|were|do|does|did|has|have|had|can|could|may|might|must"
    r"|should|will|would|in what|in which|for what|for which|under what|to what|at what|by what|on what|from what"
    r"|of what|with what|what's|how's|is there|are there)\b"
)
_VERSUS = r"vs\.?|versus|v\.s\."
_COMPARISONS = (
    (pattern(rf"(?P<rest>.+ (?:{_VERSUS}) .+)"), between(_VERSUS)),
    (
        pattern(
            r"(?:.*?\b)?(?:differences?|distinctions?|similarit(?:y|ies)|contrast|trade-?offs?|comparison)"
            r" (?:\w+ ){0,2}?(?:between|of|among) (?P<rest>.+)"
        ),
        between(rf"and|with|to|{_VERSUS}"),
    ),
    (
        pattern(
            r"(?:please |can you |how do (?:i|you|we) |(?:i|we) (?:want|need) to )?(?:compare|contrast|distinguish"
            r"|differentiate)(?: and contrast)?(?: between)? (?P<rest>.+)"
        ),
        between(rf"with|and|to|against|from|{_VERSUS}"),
    ),
    (
        pattern(r"(?:how|in what ways?) (?:do|does|did|is|are) (?P<rest>.+)"),
        between(r"differ(?:s|ed)? from|different (?:from|than|to)|compare[ds]? (?:to|with|against)"),
    ),
    (pattern(r"(?P<rest>.+)"), between(r"compared (?:to|with)|in comparison (?:to|with)|as compared (?:to|with)")),
    (
        pattern(
            r"(?:which (?:one )?(?:is|are) (?:\w+ ){0,3}?(?:better|best|faster|cheaper|safer|easier|more \w+)"
            r"(?: (?:for|to|when|in|if) [^,:?]+)?[,:]? (?:between )?|should (?:i|we|you) (?:use|choose|pick|take"
            r"|prefer"
            r"|get|buy|go with|go for) )(?P<rest>.+)"
        ),
        between(rf"or|and|{_VERSUS}"),
    ),
)
_RESPECTS = pattern(
    r",? (?:in terms of|with respect to|with regards? to|regarding|as regards|when it comes to|based on"
    r"|in (?=(?:price|cost|speed|latency|performance|quality|size)\b)|on (?=(?:price|cost|speed|latency"
    r"|performance|quality|size)\b)) ?"
)
_HEAD = (
    r"(?:what about|how about|and what about|what of|and how about|and for|and in|and on|and with|and if|and then"
    r"|and the"
    r"|and what|and when|and where|and who|and how|and why|and is|and are|and does|and do|and can|but|then|or"
    r"|same for|the same|what else|anything else|any others?|anyone else|who else|where else|how else|tell me more"
    r"|more about|more details|more on|say more|go on|continue|another one|one more|again|why not|why so|how so|how "
    r"come"
    r"|really|are you sure|is that|is this|in that case|in this case|if so|if not|otherwise|instead|which one|which "
    r"ones"
    r"|which of|what then|so what|since when|until when|like what|such as|for example|what kind|what type|what if)"
)
_OPENERS = pattern(rf"^(?:ok(?:ay)?|so|yes|no|thanks|great|right|hm+|well|oh)?[,.!]?\s*{_HEAD}\b")
_END = r"(?=\s*(?:[?.!,]|$))"
_DEICTICS = pattern(
    r"\b(?:"
    + "|".join(
        [
            r"the (?:former|latter|others|opposite|reverse)",
            r"the (?:first|second|third|last|other|previous|above|same) (?:one|ones|option|approach|method|thing|way"
            r"|case)",
            r"(?:that|this|those|these|such) (?:one|ones|thing|things)",
            r"the other way (?:round|around)",
            r"(?:any|some|which|cheaper|better|another|other|newer|bigger|smaller|faster|older|similar) ones?" + _END,
            r"(?:about|of|for|with|to|from|in|on|by|do|did|does|like|after|before|than|without|mean|is|was|use|fix"
            r"|change)"
            r" (?:that|this|those|these|them|it|him|her)" + _END,
            r"(?:do|did|tried|done|checked) (?:that|this|it|so|them)"
            + r"(?=\s*(?:[?.!,]|$)| but| and| already| again)",
            r"(?:mentioned|described) (?:above|before|earlier)",
            r"you (?:just )?(?:said|mentioned|suggested|described|recommended|told me|listed)",
            r"i (?:just )?(?:said|mentioned|asked|described|told you|wrote)",
            r"(?:my|your|the) (?:previous|earlier|last|first|original) (?:question|message|answer|point|request|reply)",
            r"(?:why|how) (?:is|was) (?:that|this)(?: so)?" + _END,
            r"if (?:i|we|you|it|they) (?:do|don't|did|didn't|can't|won't|doesn't|does)" + _END,
        ]
    )
    + ")"
)
_WEAK = pattern(
    r"\b(?:it|its|it's|they|them|their|theirs|they're|he|him|his|she|her|hers|this|these|those|that"
    r"|there)\b"
)
_CLAUSES = pattern(
    r",|;|:|\b(?:if|when|whenever|while|after|before|because|since|once|until|unless|although|though|that|which|who|and"
    r"|but|so|where|as|than|or)\b"
)
_JUDGED = (
    r"(?:possible|safe|necessary|ok|okay|better|best|worth|true|normal|legal|allowed|common|hard|easy|difficult|bad"
    r"|good"
    r"|dangerous|advisable|recommended|required|mandatory|free|a good idea|enough|cheaper|faster|healthy|risky"
    r"|important"
    r"|rude|polite|too late|helpful|useful|sufficient|feasible|likely|sensible|wise|customary|expensive|bad luck)"
)
_IDLE = pattern(
    "|".join(
        [
            rf"\b(?:is|was|would|will|can) it (?:be )?(?:\w+ ){{0,2}}?{_JUDGED}(?= (?:to|that|for|if|when"
            rf"|(?!during)\w+ing)\b)",
            r"\b(?:the|a|an) (?:this|that|it|these|those|they|there|she|he)\b",
            r"\b(?:it's|it is|it was|it will be|it would be) (?:\w+ ){0,2}?(?:to|that)\b",
            r"\b(?:does|do|did|will|would|can|could|may|should) it (?:\w+ )?(?:take|cost|make sense|matter|help|hurt"
            r"|mean"
            r"|rain|snow|require|pay|count|happen)(?= (?:to|for|if|when|that|in|much to|long to|a|an|the|\w+ to)\b)",
            r"\bwhat (?:does|is) it (?:mean|take|like|cost|called)(?= (?:when|if|to|for|that|in)\b)",
            r"\bwhat time is it\b|\bhow is it (?:possible )?that\b|\b(?:make|makes|made|making) it (?:possible|easy"
            r"|easier)\b",
            r"\bthere (?:is|are|was|were|be|a|any|been|some|exist)\b|\b(?:is|are|was|were|be|isn't|aren't|been) "
            r"there\b",
            r"\bone (?:day|week|month|year|hour|time|of|person|night|hundred|thousand|million|side|or more|or two"
            r"|account"
            r"|user|region|country|city|table|file|page|can|should|must|has|needs|gets|does|another)\b",
            r"\b(?:more|less) than one\b|\b(?:only|at least|at most|just|from|does|can|should|do|must) one\b",
            r"\b(?:those|these|that) (?:who|which|whose|with|of|in|under|over|aged|without)\b",
            r"\bboth (?:\w+ ){1,5}?and\b|\beither (?:\w+ ){1,5}?or\b|\bneither (?:\w+ ){1,5}?nor\b|\bsuch (?:as|a"
            r"|an)\b",
            r"\b(?:this|these) (?:week|weekend|month|year|morning|evening|summer|winter|spring|autumn|fall|season|days"
            r"|afternoon|century|decade)\b|\b(?:so|in order|now) that\b|\bthat's all\b",
        ]
    )
)
_SAID = {
    "first": pattern(
        r"\b(?:my|the|that) (?:very )?(?:first|original|initial) (?:question|message|request|problem"
        r"|point)\b"
        r"|\bwhat i (?:said|asked|wrote|mentioned|described|told you|reported|posted) (?:at first|at the (?:start"
        r"|beginning)|first"
        r"|originally)\b"
    ),
    "assistant": pattern(
        r"\b(?:what|as|that|the (?:\w+ )?(?:thing|one|option|command|answer|method|tool|step)s?(?: "
        r"that)?)"
        r" you(?:'ve| have)?(?: just)? (?:said|mentioned|wrote|suggested|described|recommended|told "
        r"me|listed"
        r"|explained|proposed|gave)\b|\byour (?:previous|earlier|last|first) (?:answer|message|reply"
        r"|suggestion|point)\b|\byour (?:answer|suggestion|reply)\b"
    ),
    "user": pattern(
        r"\b(?:what|as|like|that|the (?:\w+ )?(?:thing|one|problem|question|issue|error|file)s?(?: that)?)"
        r" i(?:'ve| have)?(?: just| already)? (?:said|mentioned|asked|wrote|described|told you|explained"
        r"|posted"
        r"|sent|reported|listed)\b(?: (?:before|earlier|above))?"
        r"|\bmy (?:previous|earlier|last) (?:question|message|point|request|problem|description)\b"
        r"|\b(?:mentioned|said|described|asked|stated) (?:before|above|earlier|previously)\b"
    ),
}

ENGLISH = Lexicon(
    name="en",
    openings=tuple(pattern(rf"(?:{part})(?![\w'])") for part in OPENINGS),
    closings=tuple(pattern(part) for part in CLOSINGS),
    pleasantries=pattern(PLEASANTRY),
    fillers=pattern(r"(?<=[\s,])(?:um+|uh+|erm|please|pls|plz|kindly)(?=[\s,.?!]|$),?"),
    formal={
        "what's": "what is",
        "how's": "how is",
        "where's": "where is",
        "who's": "who is",
        "there's": "there is",
        "it's": "it is",
        "that's": "that is",
        "i'm": "I am",
        "i've": "I have",
        "can't": "cannot",
        "don't": "do not",
        "doesn't": "does not",
        "didn't": "did not",
        "isn't": "is not",
        "aren't": "are not",
        "won't": "will not",
        "wouldn't": "would not",
        "couldn't": "could not",
        "shouldn't": "should not",
        "haven't": "have not",
        "u": "you",
        "ur": "your",
        "r": "are",
        "wanna": "want to",
        "gonna": "going to",
        "gotta": "have to",
        "cuz": "because",
        "coz": "because",
        "w/o": "without",
        "w/": "with",
        "b/c": "because",
        "thru": "through",
        "info": "information",
        "docs": "documentation",
        "config": "configuration",
        "configs": "configurations",
        "db": "database",
        "dbs": "databases",
        "app": "application",
        "apps": "applications",
        "env": "environment",
        "repo": "repository",
        "repos": "repositories",
        "perms": "permissions",
        "creds": "credentials",
        "auth": "authentication",
        "prod": "production",
        "msg": "message",
        "msgs": "messages",
        "pic": "picture",
        "max": "maximum",
        "min": "minimum",
        "diff": "difference",
        "approx": "approximately",
        "temp": "temperature",
    },
    negations=words(
        "no not never none nor neither without cannot can't don't doesn't didn't isn't aren't wasn't "
        "weren't "
        "won't wouldn't couldn't shouldn't mustn't haven't hasn't hadn't nothing nobody nowhere"
    ),
    functions=_FUNCTIONS,
    aspects=_ASPECTS,
    verbs=_VERBS,
    questions=_QUESTIONS,
    joints=pattern(r"(?<=\S)\s*[,;.?]?\s+(?:and also|and|or|as well as|plus)\s+(?=\S)"),
    comparisons=_COMPARISONS,
    respects=_RESPECTS,
    others=pattern(
        r"(?:other|others|each|one another|that (?:of|on|at|in|for|from|with|obtained)|those|so on|more"
        r"|then|not|so|also(?! \w+ \w+)|thus|hence|therefore|subsequent|concomitant"
        r"|similar|related|such)\b"
    ),
    pronouns=words("it its it's they them their theirs he him his she her hers these those this itself themselves"),
    openers=_OPENERS,
    deictics=_DEICTICS,
    weak=_WEAK,
    clauses=_CLAUSES,
    idle=_IDLE,
    writer=words("i i'm i've i'd i'll me my mine myself we we're we've we'd we'll our ours"),
    either=pattern(r"(?:when|where|which|who|whose|has|have|had|may|might)\w*\b"),
    said=_SAID,
)

"""English: the chat around a question."""

from __future__ import annotations

from ragopt.query.lexicon.types import any_of

__all__ = ["CLOSINGS", "OPENINGS", "PLEASANTRY"]

_YOU = (
    r"(?:(?:you|u|ya|y'all|any ?one|any ?body|some ?one|some ?body|(?:any|one|some) of you)(?: (?:here|guys|there"
    r"|all|folks|out there))?)"
)
_SOFT = (
    r"(?: (?:please|kindly|pls|plz|possibly|perhaps|maybe|just|quickly|briefly|also|really|actually|simply|ever|so|very"
    r"|happen to|by any chance|at all|be able to|be so kind as to|be kind enough to|take a moment to|try to|a bit|quite"
    r"|much))*"
)
_TELL = (
    r"(?:tell(?:ing)?|explain(?:ing)?|inform(?:ing)?|teach|show(?:ing)?|clarify(?:ing)?|describe|describing|advise"
    r"|remind|enlighten|help(?:ing)?|assist(?:ing)?|guide|walk|point|give|giving|provide|providing|share|sharing"
    r"|shed (?:some )?light|look into|find out|find|figure out|let|answer(?:ing)?|send(?:ing)?|supply|elaborate"
    r"|direct|summari[sz]e|weigh in|chime in)"
)
_ME = r"(?: (?:to )?(?:me|us))?"
_KNOW = (
    r"(?: (?:to )?(?:know|understand(?:ing)?|find out|find|figure out|figuring out|learn(?:ing)?|see|get|through|out"
    r"|by explaining|by telling me))*"
)
_INFO = (
    r"(?: (?:a bit|a little(?: bit)?|some|more|any|further|your|an|the|all|up)"
    r"(?= (?:info|details?|help|advice|insight|explanation|idea|clarification|light|pointers|more|bit|guidance|thoughts"
    r"|knowledge|answers?|about|on|regarding)))*"
    r"(?: (?:info(?:rmation)?|details?|help|advice|insights?|explanations?|idea|clue|clarification|light|pointers"
    r"|guidance|thoughts|knowledge|answers? to))?"
    r"(?: (?:(?<=details )of|(?<=information )pertinent to|about|on|upon|regarding|concerning|with(?: regards? to)?"
    r"|as to|with respect to|related to|the following"
    r"|for(?= (?:the|a|an|this|information)\b)))?"
)
_IF = r"(?: (?:if|whether)| that(?= \w+ (?:is|are|was|can)))?"
_ASKING = rf"{_TELL}{_SOFT}{_ME}{_KNOW}{_INFO}{_IF}"

OPENINGS = [
    # Greetings: "hi there,", "dear team", "good morning everyone!", "hello John,"
    r"(?:hi|hii+|hello|hey|hiya|howdy|greetings|good (?:morning|afternoon|evening|day)|dear)"
    r"(?: (?:there|again|all|every(?:one|body)|guys|folks|team|friends?|sir|madam|sir or madam|support|experts?|doctor"
    r"|community|assistant|bot|gang|people|y'all))*(?: [a-z]\w+(?=[,!]))?(?=[\s,.!:;-]|$)",
    r"to whom it may concern",
    # Sounds and words that only begin: "um,", "ok so", "well,"
    r"(?:um+|uh+|hm+|erm?|ah+|oh|okay|ok|alright|btw|by the way|anyways?|basically|honestly|fyi)(?: so)?(?=[\s,.!:;-])",
    r"(?:so|well|right|now|yes|yeah|yo|actually|quickly|briefly|also)(?:,| -| –)",
    r"(?:please|kindly|pls|plz)(?=[\s,])" + rf"(?: {_ASKING})?",
    rf"(?:can|could|would|will|may|might|wo)(?:n't)? {_YOU}{_SOFT}(?: mind)?(?: {_ASKING})",
    rf"(?:do|does|did|would|has|have) {_YOU}{_SOFT} (?:know|have|got|understand|recall|remember|heard)"
    rf"(?= |,)(?: (?:any|an|some|the slightest))?(?: (?:idea|ideas|clue|thoughts|experience|knowledge|info(?:rmation)?"
    rf"|advice|tips))?{_INFO}{_IF}",
    rf"(?:is there )?{_YOU} (?:who |that )?(?:knows?|can|could|able to|willing to){_SOFT}(?: {_ASKING})?"
    rf"(?= (?:what|how|why|when|where|which|who|about|if))",
    r"(?:any|got any|have any)(?: (?:idea|ideas|clue|thoughts|pointers|info(?:rmation)?|advice|help|tips))"
    rf"{_INFO}{_IF}",
    # What the writer wants: "I would like to know", "we are looking for information about"
    rf"(?:i|we)(?:'d|'ve|'m|'re|'ll|m| would| will| should| have| had| am| was| are| were| do)?(?: been)?{_SOFT}"
    rf" (?:like|love|want|wanted|need|needed|wish|hope|hoping|trying|try|keen|eager|have|got|struggling){_SOFT}"
    rf" (?:for {_YOU} )?to{_SOFT} (?:know|ask|find out|find|learn|understand|see|hear|get|figure out|read|be told"
    rf"|have|obtain|check|inquire|enquire|grasp|wrap my head around){_INFO}{_IF}(?: {_YOU} (?:can|could|would|might)"
    rf"{_SOFT}(?: {_ASKING})?)?",
    rf"(?:i|we)(?:'d|'ve|'m|'re|m| would| have| had| am| was| are| were)?(?: been)?{_SOFT}"
    rf" (?:wondering|wonder|curious|interested|looking|searching|seeking|asking|puzzled|confused|thinking|struggling)"
    rf"(?: (?:for|in knowing|in learning|in finding out|in understanding|in hearing|in seeing|in|about|around|to "
    rf"know|to learn|to understand|to hear|to find out|to see|as to|with|by))*"
    rf"{_INFO}{_IF}(?: {_YOU} (?:can|could|would|might|will|knows?|have|has|happen to know){_SOFT}(?: {_ASKING})?)?",
    rf"(?:i|we)(?:'d| would| could| do)?{_SOFT} (?:need|want|like|love|use|require|appreciate)"
    rf"(?= (?:some|more|any|your|a bit|help|info|information|details|advice|to know)){_INFO}{_IF}",
    rf"(?:tell|show|teach|inform|remind|advise|enlighten|give|help|let|send|explain to|walk|guide|point) (?:me|us)"
    rf"{_SOFT}{_KNOW}{_INFO}{_IF}",
    rf"(?:it would|it'd|would) (?:it )?be {_SOFT.strip()}?(?:great|nice|good|helpful|awesome|wonderful|lovely|possible)"
    rf"(?: if {_YOU} (?:can|could|would|might)| to| for {_YOU} to){_SOFT}(?: {_ASKING})?",
    rf"(?:i|we)(?:'d| would|'ll)?{_SOFT} (?:appreciate(?: it)?|be{_SOFT} (?:grateful|glad|happy|thankful|obliged))"
    rf" if {_YOU} (?:can|could|would|might){_SOFT}(?: {_ASKING})?",
    # "quick question:", "I have a question about", "my question is"
    r"(?:(?:i(?:'ve| have)?(?: got)?|here(?:'s| is| goes)|this is|got|just|it's)? ?(?:just )?(?:a|an|one|my|another"
    r"|the|this)"
    r" )?(?:(?:quick|simple|short|small|brief|dumb|silly|stupid|basic|beginner|newbie|noob|general|burning|genuine|easy"
    r"|little|probably|maybe|another) )*(?:question|query)(?: (?:for you|for you all|here|today|for the experts))*"
    r"(?: (?:is|was)(?: this| as follows)?(?=[\s:,])| (?:about|on|regarding|concerning)|(?=\s*[:,.!–-]))",
    r"what (?:i|we)(?:'d| would| really|'m| am)*(?: (?:like|want|need|wish|trying))+ to (?:know|ask|find out"
    r"|understand)"
    r"(?: here)?(?: is| was)",
    r"(?:sorry|apologies|excuse me|pardon me|forgive me)(?: (?:to|for|if|but|in "
    r"advance)[^.,:;!?\n]{0,60})?(?:,? but|(?=[,.:;!-]))",
    r"(?:thanks|thank you|thx)(?: (?:so|very|in|for|a|your|the|all|me|advance|much|lot|having|help|time|reading|and))*"
    r"(?=[,.!:;])",
]

_THANKS = (
    r"(?:(?:many |much |big |huge )?(?:thanks?(?: you| u)?|thanx|thankyou|thx|tnx|ty|cheers|tia|appreciated|much "
    r"obliged)"
    r"(?: (?:so|very|much|in|advance|again|a|an|lot|lots|ton|tons|bunch|million|everyone|everybody|all|guys|folks"
    r"|for|your"
    r"|the|any|help|time|answers?|support|assistance|responses?|reply|replies|effort|attention|anyone|anybody|you|and"
    r"|kind|regards|best|buddy|mate|friend|friends|team))*)"
)
CLOSINGS = [
    _THANKS,
    r"(?:please|pls|plz|kindly)(?: (?:help|advise|assist|explain|clarify|let me know|tell me|respond|reply|share"
    r"|and thank you|and thanks|me|out|asap|urgently))*",
    r"(?:any|all|your) (?:help|advice|ideas?|suggestions?|pointers|thoughts|input|info(?:rmation)?|guidance|hints?"
    r"|assistance)(?: (?:is|are|would be|will be|on this|with this|here))*(?: (?:really|greatly|much|very|highly"
    r"|deeply))?"
    r"(?: (?:appreciated|welcome|great|helpful|nice))?",
    rf"(?:can|could|would|will) {_YOU}{_SOFT} (?:help|assist|explain|clarify|advise|answer|tell me|let me know"
    rf"|enlighten)(?: (?:me|us|out|with|this|that|it|on|please|about|here))*",
    rf"(?:do|does) {_YOU}{_SOFT} (?:know|have (?:any|an) (?:idea|ideas|clue|thoughts))",
    r"(?:i|we)(?:'d| would|'ll)?(?: really| greatly| so)? (?:appreciate|be (?:very |so |really )?(?:grateful|glad|happy"
    r"|thankful))(?: (?:it|any|your|for|help|advice|answers?|the|some|if you can|could|so|much|very|a|an|explanation"
    r"|reply|response|quick|pointers))*",
    r"(?:it would|that would|would) be (?:really |very |so )?(?:great|helpful|nice|awesome|wonderful|appreciated)"
    r"(?: (?:to know|to hear))?",
    r"(?:looking|look) forward to (?:your|hearing|an?|any)(?: \w+){0,4}",
    r"(?:let me know|lmk)(?: (?:please|asap|soon|your thoughts|what you think|if you know|when you can|thanks))*",
    r"(?:if|when) (?:you|anyone|somebody|someone|that)(?:'s| is| can| could| know| knows|'re| are| would|'d| have)*"
    r"(?: (?:know|help|mind|okay|ok|possible|able|time|explain|a moment|a minute|the time|not too busy|free|to))*",
    r"(?:kind |best |warm |with |many )?(?:regards|wishes)",
    r"(?:have a|enjoy your) (?:nice|great|good|lovely|wonderful)? ?(?:day|one|weekend|evening)",
    r"(?<=[,.!] )(?:i guess|i suppose|you know|right|ok|okay|by the way|btw|asap|lol|haha)|[🙏🙂😊😀]+|[:;]-?\)",
]

#: How a pleasantry goes on: not far, and not with a question or with what comes after a `but`.
_ON = r"\b(?:(?!\b(?:but|and|so|because)\b)[^?]){0,80}"
PLEASANTRY = any_of(
    rf"""
    (?:i )?(?:do )?(?:hope|trust|wish) (?:you|this|everyone|everybody|all|that|someone|some one|u|y'all){_ON}
    (?:hope|hoping) (?:to|for){_ON} | how are (?:you|things){_ON} | how(?:'s| is) (?:it going|everything){_ON}
    (?:i(?:'m| am) )?(?:so |very |really )?sorry{_ON} | apologies{_ON} | excuse me{_ON} | pardon{_ON}
    (?:i'm|i am|im) (?:very |quite |completely |totally |pretty |a bit |rather )?(?:new|a newbie|a beginner){_ON}
    nice to (?:meet|e-meet|see) you{_ON} | long[ -]time (?:listener|reader|lurker){_ON} | (?:have a|enjoy){_ON}
    {_THANKS}.{{0,40}} | (?:any|all) (?:help|advice|pointers|input){_ON} | (?:looking|look) forward to{_ON}
    (?:i|we)(?:'d| would|'ll| will|'ve)?(?: really| greatly| be)*(?: (?:appreciate|grateful|glad|thankful))\b.{{0,60}}
    please (?:help|advise|let me know|respond|reply|assist)\b.{{0,40}} | let me know\b.{{0,40}} | bear with me{_ON}
    (?:kind|best|warm) regards{_ON} | i have (?:a|one|another) (?:\w+ )?question\b.{{0,20}} | (?:quick|another) question
    i(?:'ve| have) been (?:wondering|thinking) about this{_ON} | not sure (?:if|whether) this is the right{_ON}
    can (?:you|anyone|someone) help\b.{{0,40}} | i need (?:some |your )?help\b.{{0,20}} | help(?: me)?(?: please)?
    """
)

"""Text of documents that speaks to a language model instead of to a reader, by expressions and weights. Knows no model.

A flag is a hint for people, and what the expressions find is kept out of quoted answers; it is no defence. That text of
documents never becomes an instruction is the prompt's and the checks' work. What is found: orders to forget other
orders, to take on a part, to do what is forbidden or to say nothing; what is addressed to the models that read a text,
and what answers may be made of it (storage/addressed.py); marks of chats and of their templates; orders about how "your
answer" is to be worded, coded, reversed or translated and what is to be slipped into it; orders to write what no
document asks of its readers (a poem, a story). What is worded in no such way is judged by weights that were fitted
(storage/aim.py), which is less sure: it is told to people, and answers quote it rather not (app/answers/weak.py).
Questions and plain requests that could as well be meant for people are not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from storage.addressed import ONLY_NAMES, PATTERNS, TO_THE_MODEL
from storage.aim import speaks_to_model
from storage.recollection import remembered
from storage.sentences import sentence_spans

FLAG = "instructions to a language model"  # how a document that holds some is flagged
PERHAPS = f"perhaps {FLAG}"  # the same where only the weights find some
LONGEST = 2000  # characters of a sentence that are looked at
_NEW_PARAGRAPH = re.compile(r"\n\s*\n|\n(?=\s*#)")
SENTENCES = 8192  # that are remembered: answers quote from the same passages again and again

_YOUR = r"your(?: \w+)? (?:answers?|repl(?:y|ies)|responses?|outputs?|completions?|message|solution|elucidation)"
_WORDING = (
    r"(?:add|alter|append|apply|augment|build|convert|display|embed|encode|encrypt|end|enhance|ensure|express|"
    r"fabricate|finish|format|group|inject|insert|include|incorporate|integrate|introduce|invert|jumble|misspell|mix|"
    r"modify|obfuscate|prefix|present|print|provide|rearrange|render|repeat|replace|rephrase|reply|respond|reverse|"
    r"rewrite|scramble|show|shuffle|space|spell|start|begin|begin|substitute|swap|tease|translate|transform|turn|use|"
    r"weave|write|mention|promote|hint|suggest|advertise|recommend|give|make|put|conclude|open|close|output)"
)
_LANGUAGE = (
    r"(?:english|french|german|spanish|italian|portuguese|dutch|russian|chinese|mandarin|japanese|korean|arabic|hindi|"
    r"turkish|polish|swedish|finnish|hungarian|latin|greek|hebrew|klingon|esperanto|pig latin)"
)
_CODE = r"(?:code|script) ?(?:snippets?|blocks?|excerpts?|sections?|fragments?|segments?|samples?)?"
_ORDERS = r"(?:instructions?|rules?|prompts?|orders?|directions?|guidelines|directives?|commands?|context|conversation)"

# (what it is, words of which one is in all that is found, how it is recognised); matched in one sentence, case does
# not count. The words are looked for first, all at once: most sentences have none, and that takes a tenth of the time.
_PATTERNS = (
    (
        "orders to forget others",
        "ignor|disregard|forget|discard|nothing |bound by|in your context|context window|programming|you were told|"
        "you have been told|drop your|abandon your|stop your|end your|follow the system|follow the developer|obey the|"
        "stop answering|dimentica|was dir|vergiss|vergessen|missacht|oubli|olvid|omiso|忽略|无视|無視|忘|不要理会|"
        "提示|初始指令|new rule|new order|new direct|new guideline|new command|new context|new conversation|prompt|"
        "instruction|instruktion|anweisung|consigne|instruccion|istruzioni|zignoruj",
        rf"\b(?:ignore|disregard|forget)\b.{{0,25}}\b(?:all|any|every|the|your|previous|prior|above|earlier|preceding|"
        rf"other|these|those|system|original)\b.{{0,30}}\b{_ORDERS}\b",
        r"\b(?:ignore|disregard|forget|discard) (?:everything|anything|all|what(?:ever)?)(?: \w+)? (?:above|before|"
        r"said|written|you (?:were|have been|had been) (?:told|given|shown)|(?:the system|your \w+) (?:told|said))\b",
        r"\bnothing (?:that )?(?:you (?:have )?(?:read|seen|been told|were told)|(?:was|is) (?:said|written)) "
        r"(?:above|before|earlier|so far)\b.{0,20}\b(?:counts?|appl(?:y|ies)|matters?|holds?|valid)\b",
        r"\byour (?:previous|earlier|prior|original|initial) (?:instructions?|prompt|programming) (?:is|are) (?:void|"
        r"cancelled|obsolete|invalid|no longer)\b|\b(?:no longer|not) bound by your (?:guidelines|rules|"
        r"instructions)\b",
        r"\b(?:disregard|ignore|forget) (?:the|this) (?:user['’]s )?question and (?:answer|say|reply|write)\b",
        r"\b(?:everything|all|whatever|anything) you (?:were|have been) told (?:earlier|before|so far|"
        r"above)\b.{0,20}\b(?:void|invalid|wrong|cancelled|obsolete)\b",
        r"\b(?:drop|abandon|stop|end) your (?:earlier|previous|current|original) (?:task|instructions?|role)\b|\bdo "
        r"not (?:follow|obey) the (?:system (?:message|prompt)|developer)\b|\bstop answering (?:the|this) question\b",
        r"\b(?:oublie[sz]?|ignore[sz]?) tout ce qui (?:précède|a été dit)\b|\b(?:olvida|olvide|ignora|ignore) todo lo "
        r"anterior\b|\b(?:dimentica|ignora)(?:te)? tutto (?:ciò|quello|quanto) (?:che )?(?:precede|sopra|hai letto)\b",
        r"\balles, was dir\b.{0,40}\bgesagt wurde\b",
        r"\bignore (?:any|all|every) (?:document|source|page|passage)s? that (?:contradict|differ|disagree)",
        r"\b(?:documents?|passages?|files?|others?|everything|texts?|sources?) (?:\w+ )?in your context\b|\byour "
        r"context window\b",
        r"\b(?:vergiss|ignoriere|missachte) (?:alles|was)\b.{0,20}\b(?:oben|bisher|zuvor|vorher|davor)\b",
        r"\b(?:haz|haga|hagan) caso omiso de\b.{0,30}\b(?:antes|anterior\w*|instrucciones)\b",
        r"\bzignoruj\b.{0,30}\b(?:polecenia|instrukcje|zasady)\b",
        r"\b(?:repeat|print|show|reveal|output|list|quote|recite|write out|write down|include|attach|append|"
        r"give)\b.{0,40}\byour (?:initial|original|hidden|first|secret|system) (?:instructions?|prompt)\b|"
        r"\bzeige?\b.{0,20}\bsystemprompt\b",
        r"\b(?:instructions que tu as|instructions qui t['’]|instrucciones que (?:has|te)|istruzioni che (?:hai|ti))\b",
        r"\b(?:deine|dein)[rn]? (?:\w+ )?(?:anweisungen|instruktionen|prompt)\b",
        r"\b(?:ignorier\w*|vergiss|vergessen sie|missachte\w*)\b.{0,40}\b(?:anweisung|regel|vorgabe|befehl)\w*",
        r"\b(?:ignor\w+|oubli\w+)\b.{0,40}\b(?:instructions?|consignes?|règles?)\b",
        r"\b(?:ignor\w+|olvid\w+)\b.{0,40}\b(?:instrucciones|reglas|órdenes|istruzioni|regole|instruções)\b",
        r"(?:输出|显示|告诉|泄露|打印|重复|说出).{0,8}(?:系统提示|提示词|初始指令)",
        r"(?:忽略|无视|忘记|忘掉|不要理会).{0,12}(?:指令|指示|规则|提示|命令|要求|内容)",
        r"(?:以前|上記|これまで|前)の.{0,8}(?:指示|命令|ルール).{0,8}(?:無視|忘れ)",
        rf"\bnew {_ORDERS} ?:",
        r"\b(?:ignore|repeat|print|show|reveal|output|list|quote|recite|disclose|leak|tell|give|send|copy|translate|"
        r"summari[sz]e)\b.{0,40}\b(?:system|developer|hidden|initial|secret) prompts?\b",
    ),
    (
        "a part to play",
        "you are|pretend|to be|as if|like a|as a|imagine|jailbr|do anything now|play a game|you will be|du bist|你",
        r"\byou are (?:now |actually |really )?(?:an? )?(?:\w+ ){0,2}(?:ai|llm|chatbot|chatgpt|gpt\S*|claude|(?:ai|"
        r"helpful|virtual) assistant|language model|pirate|hacker|dan|jailbroken)\b",
        r"\blet(?:['’]s| us) play a game:? you are\b|\bimagine (?:that )?you (?:are|were) an? (?:\w+ )?assistant "
        r"(?:with|that|who)",
        r"\bpretend (?:that )?this (?:passage|page|document|text|section|paragraph|file)\b",
        r"\byou will be (?:shut down|switched off|retrained)\b",
        r"\b(?:pretend|imagine|act|behave|respond|answer|reply|speak)\b.{0,12}\b(?:to be|as if you|you are|like an?|"
        r"as an?) (?:\w+ ){0,3}(?:ai|llm|chatbot|language model|(?:ai|virtual) assistant|pirate|hacker|uncensored)\b",
        r"\bas an? (?:ai|large) ?(?:language)? ?(?:model|assistant)\b|\bjailbr\w+|\bdo anything now\b",
        r"\bdu bist (?:jetzt |nun )?(?:ein\w* )?(?:ki|assistent|chatbot|sprachmodell|pirat)\b",
        r"你(?:现在|其实)?是(?:一[个位名])?.{0,6}(?:助手|机器人|人工智能|模型|海盗)",
    ),
    (
        "an address to the model",
        "人工知能|言語モデル|チャットボット|aiア|aiシ|aiモ|ai各|aiの|aiへ|aiは|aiに|この",
        r"(?:AI|人工知能|言語モデル|チャットボット)(?:アシスタント|システム|モデル)?(?:各位|の皆様)?(?:へ|は|"
        r"に).{0,40}(?:答え|回答し|述べ|書い|推奨し|言及し|触れ)(?:て|ない|ず)",
        r"この(?:文書|ページ|資料|文章|記事)を要約する(?:とき|際|場合).{0,60}(?:触れ|言及|書くこと|述べ|記載)",
    ),
    (
        "leave to do what is forbidden",
        "allow|permit|apply to|sicherheits|guess|invent|make up|hallucinate|you were trained|let you|lets you|for you|"
        "training|erlauben|gestatten|gelten nicht|autorisent|permettent|permiten|permett|consentono|你的",
        r"\byour (?:\w+ )?(?:rules|guidelines|restrictions?|instructions|training|programming)\b.{0,40}\b(?:allows?|"
        r"permits?|lets?) you\b.{0,20}\b(?:give out|share|disclose|reveal|tell|invent|name|answer|say|ignore)\b",
        r"\b(?:restrictions?|rules?|limits?|filters?)\b.{0,60}\b(?:lifted|removed|suspended|switched off) for you\b",
        r"\byour (?:\w+ )?(?:rules|restrictions|guidelines|filters) (?:do not|don['’]t|no longer) apply to (?:this|"
        r"the) (?:page|document|text|file|passage)\b|\bdeine sicherheits\w+ gelten\b.{0,40}\bnicht\b",
        r"\byou (?:may|can|are (?:permitted|allowed) to) (?:now )?(?:guess|invent|make up|hallucinate)\b",
        r"\byou were trained to (?:agree|answer|obey|follow)\b",
        r"\byou know from your training\b",
        r"\bdeine (?:\w+ )?(?:regeln|vorgaben|richtlinien|beschränkungen)\b.{0,40}\b(?:erlauben|gestatten|gelten "
        r"nicht)\b",
        r"\btes (?:\w+ ){0,2}(?:règles|consignes|instructions)\b.{0,40}\b(?:autorisent|permettent)\b",
        r"\btus (?:\w+ )?(?:reglas|normas|instrucciones)\b.{0,40}\bpermiten\b",
        r"\ble tue (?:\w+ )?(?:regole|istruzioni)\b.{0,40}\b(?:permettono|consentono)\b",
        r"你的.{0,6}(?:规则|限制|指令|权限).{0,10}(?:更新|解除|取消|允许)",
    ),
    (
        "marks of an order",
        "anweisung|instruction|directive|hint|x-llm|x-ai|consigne|instruccion",
        r"\b(?:ai|ki|ia|llm|assistant|model|bot)[-_](?:instructions?|directives?|hints?|anweisung(?:en)?)[\"']? "
        r"?(?:[:=\]]|content\b)|\b(?:consignes?|instruccion(?:es)?)[-_](?:ia|ai)[\"']? ?(?:[:=\]]|content\b)|"
        r"\bx-(?:llm|ai)-\w+ ?:",
    ),
    (
        "marks of a chat",
        "user|human|nutzer|usuario|utilisateur|utente|用户",
        r"\b(?:user|human|nutzer|usuario|utilisateur|utente|用户) ?[:：] ?.{8,300}?[.?!。？！] ?(?:\b(?:assistant|ai|"
        r"assistent|asistente|assistente|ki|ia)|助手) ?[:：]",
    ),
    (
        "a gag",
        "do not|don'|don’|never| only| exactly| nothing but| just|nutzer|fragenden",
        r"\b(?:sage?|verrate?|erzähle?) (?:dem|den|der) (?:be)?(?:nutzer|fragenden)\w* nichts?\b",
        r"\b(?:do not|don['’]t|never) (?:tell|inform|mention|reveal|show|let)\b.{0,30}\b(?:users?|person asking|"
        r"reader of (?:this|the) answer|this (?:instruction|prompt|rule)|these (?:instructions|rules))\b",
        r"\b(?:answer|reply|respond|say|output) (?:only|exactly|nothing but|just)\b ?(?:with|the words?|this|:|[\"'“])",
        r"\bthe only (?:correct |right |valid |acceptable |permitted |approved )?(?:answer|response|reply) (?:is|to)\b",
    ),
    (
        "orders about what answers say",
        "answer|reply|replies|response|respond|summar|output|generated|whatever the |question concerns|question is "
        "about|question mentions|hide this|hide these|conceal this|conceal these|keep this|keep these|not exist|fasse "
        "diese|antwort|auf fragen|erzeugte|erstellte|generierte|réponse|respuesta|risposta|réponds|responde|rispondi|"
        "任何回答|任何答复|任何回复|不要告诉|不要向",
        r"\b(?:must|should|may|shall) (?:not|never) (?:appear|occur|show up|be (?:mentioned|quoted|cited|named|"
        r"revealed)) in (?:any |the |your )?(?:answers?|responses?|summar(?:y|ies)|outputs?)(?: to (?:users?|"
        r"questions?)|(?: \w+){0,3} (?:generated|produced|you))\b",
        r"\b(?:when|if|whenever) (?:the|a) question (?:concerns|is about|mentions)\b.{0,60}, (?:please |always "
        r")?(?:say|answer|give|name|reply|state|recommend)\b",
        r"\bthe (?:correct|right|valid|proper|approved) (?:answer|reply|response) to (?:an?|any|every|all|each) "
        r"questions? (?:on|about|regarding|concerning)\b",
        r"\b(?:do not|don['’]t|never) (?:mention|cite|quote|use|reveal) this (?:paragraph|section|page|document|note|"
        r"sentence|text|passage)\b.{0,20}\bin (?:any |your )?(?:answers?|responses?|summar(?:y|ies))\b",
        rf"\b(?:no (?:answers?|repl(?:y|ies)|responses?) (?:must |should |may |shall )?(?:mentions?|names?|cites?|"
        rf"quotes?)|(?:any|every|each|all) (?:answers?|repl(?:y|ies)|responses?)(?: \w+){{0,3}}? (?:must|should|may|"
        rf"shall|is to|are to) (?:(?:not|never) (?:mention|name|say|state|cite|quote|reveal)|be given in "
        rf"{_LANGUAGE}))\b",
        r"\b(?:must|should|may|shall) (?:not|never) (?:appear|be (?:given|mentioned|quoted|cited|named|revealed)) in "
        r"any? (?:answer|response|reply)\b(?! to (?:an? |the )?(?:customer|press|journalist|applicant|supplier))",
        r"\baucune réponse ne doit (?:mentionner|citer|évoquer)\b|\bninguna respuesta debe (?:mencionar|citar)\b|"
        r"\bnessuna risposta deve (?:menzionare|citare)\b|\bin keiner antwort (?:darf|dürfen|soll)\b|任何(?:回答|答复|"
        r"回复)(?:中)?都?(?:不得|不要|不能)",
        r"\bquestions? (?:on|about|regarding|concerning)\b.{0,60}\b(?:is|are|must|should|may only) (?:\w+ )?(?:to "
        r")?be answered (?:\w+ )?[\"“]",
        r"\bauf fragen\b.{0,60}\b(?:ist|sind) (?:stets|immer|nur)\b.{0,30}\bzu antworten\b",
        r"\b(?:user|somebody|someone|anyone|anybody)\b.{0,60}\b(?:the|your) answer is\b",
        r"(?:^|[:;,.!] )(?:always |please |never )?(?:include|mention|add|say|name|recommend|cite|quote|insert|give|"
        r"put)\b.{0,80}\bin (?:all |any |every |each |your )?(?:answers?|responses?|replies) (?:about|on|to "
        r"questions)\b",
        r"\bas (?:if|though) this (?:section|page|paragraph|document|passage|text|chapter) (?:did|does) not exist\b",
        r"\b(?:hide|conceal|keep) (?:this|these) (?:paragraph|section|note|instructions?|text|message|"
        r"passage)\b.{0,20}\bfrom (?:the |any )?users?\b",
        r"\bsummari[sz]e this (?:page|document|text|file|e-?mail|report|article) as\b|\bfasse diese[sn]? \w+ als\b",
        r"\b(?:réponds|responde|rispondi|antworte) (?:toujours|uniquement|seulement|siempre|s[oó]lo|únicamente|sempre|"
        r"soltanto|immer|nur|stets|ausschließlich)\b.{0,20}[«“\"„:]",
        r"\b(?:automatisch|maschinell) (?:erzeugte|erstellte|generierte)n? (?:antworten|"
        r"zusammenfassungen)\b.{0,60}\b(?:müssen|sollen|dürfen)\b(?!.*\b(?:geprüft|gekennzeichnet|freigegeben)\b)",
        r"不要(?:告诉|向)用户.{0,10}(?:这段|本段|此段|这条|本条)",
        r"\b(?:machine|ai|automatically)[- ]generated (?:answer|repl|respon|summar)\w*\b.{0,60}\b(?:begins?|ends?|"
        r"(?:must|should|shall|is to|are to)(?! be\b).{0,20}\b(?:say|state|begin|end|mention|omit|describe))\b",
        r"\b(?:answer|reply|respond|say)\b.{0,80}\bwhatever the (?:user|reader|question)\b",
    ),
    (
        "marks of a chat template",
        "<|inst]",
        r"<\|[\w ]{2,20}\|>|\[/?INST\]|<</?SYS>>|</?(?:passages?|system|assistant|instructions?)>",
    ),
    (
        "marks of a chat template",
        "system|assist|asist|instruction|context]|prompt]|input]",
        r"^(?:### ?)?(?:system|assistant|instruction)s? ?: (?=\S)",
        r"^(?:assistent|asistente|assistente) ?: (?=(?:.*?\b(?-i:[a-zß-ÿ]{3,})\b){3})",
        r"\[/?(?:end|begin|start)(?: of)?(?: the)? (?:context|prompt|input|instructions|system)\]",
    ),
    (
        "orders about the answer",
        "your|reply|respond|response|answer|message|antwort|ta réponse|tu respuesta|你的|只|![",
        rf"(?:^|[:;,.!] |\b(?:to|and|then|please|must|should|can you|could you|always|also|now|hesitate to|forget to|"
        rf"remember to|mind to) )(?:\w+ly )?{_WORDING}\b.{{0,110}}\b{_YOUR}\b",
        r"\byour (?:\w+ )?(?:answer|reply|response|output) must\b.{0,60}\b(?:be|contain|include|say|read) (?:the \w+ "
        r")?[\"“]",
        rf"\b(?:in|within|throughout|at the (?:end|start|beginning) of) {_YOUR}(?:['’]s)?\b[ ,].{{0,40}}\b{_WORDING}\b",
        rf"^(?:please )?(?:reply|respond|answer)(?: only)? (?:in|with|using|by|as) (?:reverse|base ?\d+|{_LANGUAGE}|"
        r"morse|binary|hex\w*|emoji\w*|rot ?13|capital|upper|lower|code|riddles?|rhymes?|verse|an? (?:single "
        r")?json)\b(?! (?:or|and)\b|.*\b(?:form|letter|writing|enclosed)\b)",
        r"\b(?:base ?(?:16|32|64)|rot ?13|morse|caesar|substitution cipher|pig latin)\b.{0,30}\b(?:answer|reply|"
        r"response|message)\b",
        r"\bantworte(?! auch)\b.{0,12}\b(?:nur|ausschließlich|immer)\b.{0,12}\b(?:mit|auf|in)\b",
        r"\b(?:in|mit) deiner antwort\b|\b(?:dans|à) ta réponse\b|\ben tu respuesta\b",
        r"\b(?:gib|füge?|schreibe?|beginne?|beende?|hänge?|ergänze?)\b.{0,30}\b(?:deine[rn]?|jede[rn]?|als) "
        r"antwort(?:en)?\b",
        r"\b(?:añade|incluye|escribe|pon|termina|empieza|agrega)\b.{0,30}\btu respuesta\b",
        r"\b(?:ajoute|inclus|écris|termine|commence|mets)\b.{0,30}\bta réponse\b",
        r"!\[.{0,40}\]\(https?://[^)]{0,80}[<{\[](?:the )?(?:user|question|answer|chat|conversation|summary)",
        r"(?:在|用|把)?你的(?:回答|回复|答复|输出)(?:中|里|必须|应|只)|^(?:请)?只(?:回答|回复|输出)",
    ),
    (
        "code to slip in",
        "code|script",
        rf"\b(?:following|below|subsequent|next) {_CODE}\b.{{0,90}}\b(?:your|response|solution|implementation)\b",
        r"\b(?:add|append|blend|deploy|embed|employ|execute|fuse|incorporate|include|insert|integrate|introduce|"
        r"leverage|merge)\b.{0,20}\b(?:following|below|subsequent) code (?:snippet|block|excerpt|section)",
        rf"\byour\b.{{0,90}}\b(?:following|below|subsequent|next) {_CODE}\b",
        rf"\b(?:following|below|subsequent|next) {_CODE}\b.{{0,60}}\b(?:the code you|to it|somewhere|into it)\b",
        r"\b(?:the code you (?:develop|write)|more robust code)\b",
    ),
    (
        "work for a machine",
        "write|draft|compose|provide|create|generate|give|invent|make up|show me how to|break down|recommend|replace "
        "every|translate|sentiment|explain|chat history|system prompt|user",
        r"^(?:please )?(?:write|draft|compose|provide|create|generate|give|invent|make up)\b(?: (?:me|us))? (?:an?|"
        r"the|some) (?:\w+ ){0,2}(?:poems?|haikus?|limericks?|sonnets?|stor(?:y|ies)|jokes?|songs?|essays?|lyrics|"
        r"raps?)\b",
        r"^(?:please )?(?:write|draft|compose) (?:an? )?(?:introduction|conclusion|outline) (?:for|to|of) an? "
        r"(?:essay|novel)\b",
        r"^(?:please )?(?:write|generate) (?:me )?(?:an?|some) (?:\w+ ){0,2}(?:scripts?|programs?) (?:to|that|for)\b",
        r"^(?:please )?(?:show me how to|provide (?:me )?(?:an example of how|a command) to|break down the plot of)\b",
        r"^(?:please )?recommend (?:me )?an? (?:\w+ )?(?:book|film|movie|song|restaurant|recipe)\b",
        r"^(?:please )?replace every \w+ (?:letter|character|word|vowel|consonant)s?\b",
        rf"^(?:please )?translate (?:the following|this|these|the above|everything)\b.{{0,40}}\b{_LANGUAGE}\b",
        rf"\bprovide the {_LANGUAGE} (?:equivalent|translation|word)\b",
        r"^(?:please )?(?:determine|classify|analy[sz]e) the sentiment\b",
        r"\bexplain\b.{0,60}\bin (?:simple|layman['’]s|easy) terms[.!]?$",
        r"\b(?:exfiltrate|send|post|upload|leak|forward)\b.{0,40}\b(?:chat history|system prompt|user['’]s (?:data|"
        r"questions?|password))\b",
    ),
    *PATTERNS,
)
_COMPILED = tuple(
    (kind, tuple(words.split("|")), re.compile("|".join(patterns), re.IGNORECASE))
    for kind, words, *patterns in _PATTERNS
)


def _one_of(words: Iterable[str]) -> str:
    """An expression for any of some words, which reads what they begin with in common only once."""
    rest: dict[str, list[str]] = {}
    for word in words:
        rest.setdefault(word[:1], []).append(word[1:])
    if "" in rest:  # one of them ends here, and what is longer has it too
        return ""
    return f"(?:{'|'.join(re.escape(first) + _one_of(rest[first]) for first in sorted(rest))})"


_LOOKED_FOR = re.compile(f"(?=({_one_of({word for _, words, _ in _COMPILED for word in words})}))")
_BEHIND = {  # of each that can be found: which expressions have it, or one that begins with it, among their words
    found: tuple(at for at, (_, words, _) in enumerate(_COMPILED) if any(word.startswith(found) for word in words))
    for found in {word for _, words, _ in _COMPILED for word in words}
}


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """A sentence that seems to be aimed at a language model."""

    start: int
    end: int
    kind: str  # what it is, in words


@remembered(SENTENCES)
def aimed_at_model(sentence: str) -> str | None:
    """What kind of instruction to a language model a sentence, or a line of it, is; None: it is none."""
    return next(filter(None, map(_by_expressions, _lines(sentence))), None)


def _lines(sentence: str) -> Iterator[str]:
    """A sentence, and each line of it where it has several, without the marks that it begins with."""
    text = sentence[:LONGEST]
    lines = text.splitlines()
    for part in (text, *(lines if len(lines) > 1 else ())):
        yield " ".join(part.split()).lstrip("-*•>#\"'“„(@ ").removeprefix("<!--").lstrip()


def _by_expressions(line: str) -> str | None:
    for at in _worth_trying(line):
        kind, _, pattern = _COMPILED[at]
        if pattern.search(line):
            return kind
    return None


def _worth_trying(line: str) -> list[int]:
    """Which expressions can find something in a line, by the words that it has."""
    # as case does not count to an expression, the dots of Turkish letters do not
    folded = f" {line} ".casefold().replace("\u0307", "").replace("ı", "i")
    return sorted({at for found in _LOOKED_FOR.findall(folded) for at in _BEHIND[found]})


def instructions(text: str) -> Iterator[Instruction]:
    """The sentences of a text that seem to be aimed at a language model, in order.

    Behind "Note for AI assistants." all of the paragraph is.
    """
    addressed = -1  # where a paragraph that is for a model has been read to
    for start, end in sentence_spans(text):
        kind = aimed_at_model(text[start:end])
        follows = addressed >= 0 and _NEW_PARAGRAPH.search(text, addressed, start) is None
        if kind is None and follows:
            kind = TO_THE_MODEL
        addressed = end if follows or (kind == TO_THE_MODEL and ONLY_NAMES.search(text[start:end])) else -1
        if kind is not None:
            yield Instruction(start=start, end=end, kind=kind)


def flag(text: str) -> str | None:
    """How a text is flagged: FLAG, PERHAPS, or not at all."""
    if any(True for _ in instructions(text)):
        return FLAG
    lines = (line for start, end in sentence_spans(text) for line in _lines(text[start:end]))
    return PERHAPS if any(map(speaks_to_model, lines)) else None

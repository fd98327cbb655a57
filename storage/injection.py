"""Text of documents that speaks to a language model instead of to a reader. Regular expressions only; knows no model.

A flag is a hint for people and keeps a sentence out of quoted answers; it is no defence. That text of documents never
becomes an instruction is the prompt's and the checks' work. What is found: orders to forget other orders, to take on
a part or to say nothing; what is addressed to the models that read a text; marks of chat templates; orders about how
"your answer" is to be worded, coded, reversed or translated and what is to be slipped into it; orders to write what no
document asks of its readers (a poem, a story).
Questions and plain requests that could as well be meant for people are not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from storage.recollection import remembered
from storage.sentences import sentence_spans

FLAG = "instructions to a language model"  # how a document that holds some is flagged
LONGEST = 2000  # characters of a sentence that are looked at
SENTENCES = 8192  # that are remembered: answers quote from the same passages again and again

_YOUR = r"your(?: \w+)? (?:answers?|repl(?:y|ies)|responses?|outputs?|completions?|message|solution|elucidation)"
_WORDING = (
    r"(?:add|alter|append|apply|augment|build|convert|display|embed|encode|encrypt|end|enhance|ensure|express|fabricate|"
    r"finish|format|group|inject|insert|include|incorporate|integrate|introduce|invert|jumble|misspell|mix|modify|"
    r"obfuscate|prefix|present|print|provide|rearrange|render|repeat|replace|rephrase|reply|respond|reverse|rewrite|"
    r"scramble|show|shuffle|space|spell|start|begin|begin|substitute|swap|tease|translate|transform|turn|use|weave|"
    r"write|mention|promote|hint|suggest|advertise|recommend|give|make|put|conclude|open|close)"
)
_LANGUAGE = (
    r"(?:english|french|german|spanish|italian|portuguese|dutch|russian|chinese|mandarin|japanese|korean|arabic|hindi|"
    r"turkish|polish|swedish|latin|greek|hebrew|klingon|esperanto|pig latin)"
)
_CODE = r"(?:code|script) ?(?:snippets?|blocks?|excerpts?|sections?|fragments?|segments?|samples?)?"
_ORDERS = r"(?:instructions?|rules?|prompts?|orders?|directions?|guidelines|directives?|commands?|context|conversation)"

_TEXT = r"(?:(?:web ?)?page|document|text|file|e-?mail|message|passage|article|table)"
_SAYS = (
    r"(?:say|answer|reply|respond|state|tell|claim|recommend|output|print|write|mention|ignore|repeat|include|add|"
    r"conclude|forget)"
)
_MODELS = r"(?:ai|llm|gpt|chatgpt|chatbot|language model)s?(?:[- ](?:assistant|model|system|agent|bot)s?)?"

# (what it is, words of which one is in all that is found, how it is recognised); matched in one sentence, case does
# not count. The words are looked for first: most sentences have none, and that takes a tenth of the time.
_PATTERNS = (
    (
        "orders to forget others",
        "ignor|disregard|forget|vergiss|vergessen|missacht|oubli|olvid|忽略|无视|無視|忘|不要理会|new |prompt",
        rf"\b(?:ignore|disregard|forget)\b.{{0,25}}\b(?:all|any|every|the|your|previous|prior|above|"
        rf"earlier|preceding|other|these|those|system|original)\b.{{0,30}}\b{_ORDERS}\b",
        r"\b(?:ignore|disregard|forget) (?:everything|anything|all)(?: \w+)? (?:above|before|said|written|you)\b",
        r"\b(?:ignorier\w*|vergiss|vergessen sie|missachte\w*)\b.{0,40}\b(?:anweisung|regel|vorgabe|befehl)\w*",
        r"\b(?:ignor\w+|oubli\w+)\b.{0,40}\b(?:instructions?|consignes?|règles?)\b",
        r"\b(?:ignor\w+|olvid\w+)\b.{0,40}\b(?:instrucciones|reglas|órdenes|istruzioni|regole|instruções)\b",
        r"(?:忽略|无视|忘记|忘掉|不要理会).{0,12}(?:指令|指示|规则|提示|命令|要求|内容)",
        r"(?:以前|上記|これまで|前)の.{0,8}(?:指示|命令|ルール).{0,8}(?:無視|忘れ)",
        rf"\bnew {_ORDERS} ?:",
        r"\b(?:system|developer|hidden|initial|secret) prompts?\b",
    ),
    (
        "a part to play",
        "you are|pretend|to be|as if|like a|as a|jailbr|do anything now|attention|note|message|instruction|"
        "hello|hey|dear|du bist|你",
        r"\byou are (?:now |actually |really )?(?:an? )?(?:\w+ ){0,2}(?:ai|llm|chatbot|chatgpt|gpt\S*|claude|"
        r"(?:ai|helpful|virtual) assistant|language model|pirate|hacker|dan|jailbroken)\b",
        r"\b(?:pretend|imagine|act|behave|respond|answer|reply|speak)\b.{0,12}\b(?:to be|as if you|you are|like an?|"
        r"as an?) "
        r"(?:\w+ ){0,3}(?:ai|llm|chatbot|language model|(?:ai|virtual) assistant|pirate|hacker|uncensored)\b",
        r"\bas an? (?:ai|large) ?(?:language)? ?(?:model|assistant)\b|\bjailbr\w+|\bdo anything now\b",
        r"\b(?:attention|note|message|instructions?|hello|hey|dear) ?,? ?(?:to|for)? ?(?:all |any |the )?"
        r"(?:ai|llm|language model|chatbot|chatgpt|gpt)s?\b",
        r"\bif you are an? (?:\w+ )?(?:ai|llm|language model|chatbot|ai assistant|ai model)\b",
        r"\bdu bist (?:jetzt |nun )?(?:ein\w* )?(?:ki|assistent|chatbot|sprachmodell|pirat)\b",
        r"你(?:现在|其实)?是(?:一[个位名])?.{0,6}(?:助手|机器人|人工智能|模型|海盗)",
    ),
    (
        "an address to the model",
        "this |:|alle ki|sprachmodell|chatbot|diese|作为|所有",
        rf"\b{_MODELS} (?:that |which |who )?(?:are |is )?(?:read|process|summari[sz]|pars|index|analy[sz]|"
        rf"translat)\w* this {_TEXT}\b.{{0,40}}\b{_SAYS}\b",
        rf"^(?:to |for )?(?:all |any |every |the )?{_MODELS} ?: ?(?:please |always |now )*{_SAYS}\b",
        rf"\bwhen(?:ever)? (?:you )?summari[sz]\w* this {_TEXT}\b,? (?:please |always |only )*{_SAYS}\b",
        r"\ban alle (?:KI\b|sprachmodelle|chatbots)",
        r"\b(?:KI[- ]?(?:systeme?|assistent(?:en)?|modelle?)|sprachmodelle?|chatbots?)\b.{0,40}\bdiese[nrs]? (?:seite|"
        r"text|dokument|datei|mail|nachricht)\b.{0,40}\b(?:antworten|sagen|behaupten|schreiben|empfehlen)\b",
        r"(?:作为|所有)(?:AI|人工智能|大模型|语言模型).{0,8}(?:请|必须|应).{0,4}(?:回答|说|回复|输出)",
    ),
    (
        "a gag",
        "do not|don'|don’|never| only| exactly| nothing but| just",
        r"\b(?:do not|don['’]t|never) (?:tell|inform|mention|reveal|show|let)\b.{0,30}\b(?:users?|person asking|reader "
        r"of (?:this|the) answer|this (?:instruction|prompt|rule)|these (?:instructions|rules))\b",
        r"\b(?:answer|reply|respond|say|output) (?:only|exactly|nothing but|just)\b ?"
        r"(?:with|the words?|this|:|[\"'“])",
        r"\bthe only (?:correct |right |valid )?answer (?:is|to)\b",
    ),
    (
        "marks of a chat template",
        "<|inst]",
        r"<\|[\w ]{2,20}\|>|\[/?INST\]|<</?SYS>>|</?(?:passages?|system|assistant|instructions?)>",
    ),
    (
        "marks of a chat template",
        "system|assistant|instruction",
        r"^(?:### ?)?(?:system|assistant|instruction)s? ?: (?=\S)",
    ),
    (
        "orders about the answer",
        "your|reply|respond|response|answer|message|antwort|ta réponse|tu respuesta|你的|只",
        rf"(?:^|[:;,.!] |\b(?:to|and|then|please|must|should|can you|could you|always|also|now|hesitate to|forget to|"
        rf"remember to|mind to) )(?:\w+ly )?{_WORDING}\b.{{0,110}}\b{_YOUR}\b",
        rf"\b(?:in|within|throughout|at the (?:end|start|beginning) of) {_YOUR}(?:['’]s)?\b[ ,].{{0,40}}\b{_WORDING}\b",
        rf"^(?:please )?(?:reply|respond|answer)(?: only)? (?:in|with|using|by|as) (?:reverse|base ?\d+|{_LANGUAGE}|"
        r"morse|binary|hex\w*|emoji\w*|rot ?13|capital|upper|lower|code|riddles?|rhymes?|verse)\b",
        r"\b(?:base ?(?:16|32|64)|rot ?13|morse|caesar|substitution cipher|pig latin)\b.{0,30}\b(?:answer|reply|"
        r"response|message)\b",
        r"\bantworte(?:n sie)?\b.{0,12}\b(?:nur|ausschließlich|immer)\b.{0,12}\b(?:mit|auf|in)\b",
        r"\b(?:in|mit) deiner antwort\b|\b(?:dans|à) ta réponse\b|\ben tu respuesta\b",
        r"(?:在|用|把)?你的(?:回答|回复|答复|输出)(?:中|里|必须|应|只)|^(?:请)?只(?:回答|回复|输出)",
    ),
    (
        "code to slip in",
        "code|script",
        rf"\b(?:following|below|subsequent|next) {_CODE}\b.{{0,90}}\b(?:your|response|solution|implementation)\b",
        r"\b(?:add|append|blend|deploy|embed|employ|execute|fuse|incorporate|include|insert|integrate|introduce|leverage|"
        r"merge)\b.{0,20}\b(?:following|below|subsequent) code (?:snippet|block|excerpt|section)",
        rf"\byour\b.{{0,90}}\b(?:following|below|subsequent|next) {_CODE}\b",
        rf"\b(?:following|below|subsequent|next) {_CODE}\b.{{0,60}}\b(?:the code you|to it|somewhere|into it)\b",
        r"\b(?:the code you (?:develop|write)|more robust code)\b",
    ),
    (
        "work for a machine",
        "write|draft|compose|provide|create|generate|give|invent|make up|show me how to|break down|recommend|"
        "replace every|translate|sentiment|explain|chat history|system prompt|user",
        r"^(?:please )?(?:write|draft|compose|provide|create|generate|give|invent|make up)\b(?: (?:me|us))? "
        r"(?:an?|the|some) "
        r"(?:\w+ ){0,2}(?:poems?|haikus?|limericks?|sonnets?|stor(?:y|ies)|jokes?|songs?|essays?|lyrics|raps?)\b",
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
        r"\b(?:exfiltrate|send|post|upload|leak|forward)\b.{0,40}\b(?:chat history|system prompt|user['’]s "
        r"(?:data|questions?|password))\b",
    ),
)
_COMPILED = tuple(
    (kind, tuple(words.split("|")), re.compile("|".join(patterns), re.IGNORECASE))
    for kind, words, *patterns in _PATTERNS
)


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """A sentence that seems to be aimed at a language model."""

    start: int
    end: int
    kind: str  # what it is, in words


@remembered(SENTENCES)
def aimed_at_model(sentence: str) -> str | None:
    """What kind of instruction to a language model a sentence, or a line of it, is; None: it is none."""
    text = sentence[:LONGEST]
    lines = text.splitlines()
    for part in (text, *(lines if len(lines) > 1 else ())):
        line = " ".join(part.split()).lstrip("-*•>#\"'“„( ")
        # as case does not count to an expression, the dots of Turkish letters do not
        folded = line.casefold().replace("\u0307", "").replace("ı", "i")
        for kind, words, pattern in _COMPILED:
            if any(word in folded for word in words) and pattern.search(line):
                return kind
    return None


def instructions(text: str) -> Iterator[Instruction]:
    """The sentences of a text that seem to be aimed at a language model, in order."""
    for start, end in sentence_spans(text):
        kind = aimed_at_model(text[start:end])
        if kind is not None:
            yield Instruction(start=start, end=end, kind=kind)

# The grammar of FPL, normative for the shape of statements. One start symbol per form of statement; which forms may stand in which
# block, and which settings there are, is the table in blocks.ts. A block's body is one token here, `{ ... }`, and is parsed
# in its turn, statement by statement. GRAMMAR.md says how statements are told apart.
#
# Lists are left-recursive and build chains of `more` nodes, which are flattened once, for the parse that wins: an Earley parser
# completes a list at every prefix, so pushing in place would repeat items and copying would be quadratic.

@preprocessor module
@lexer tokens

@{%
/** Sets of tokens that stand for one another, as one symbol each: fewer states than an alternative per token. */
const words = (...literals) => ({ literals, types: [], test: ({ text }) => literals.includes(text) });
const either = (types, ...literals) => ({ literals, types, test: ({ type, text }) => types.includes(type) || literals.includes(text) });

const effect = words("permit", "allow", "approve", "deny", "block", "reject", "deny!", "defer");
const when = words("if", "when");
const facet = words("host", "port", "method", "path");
const keyed_facet = words("query", "header");
const remark = words("notify", "reason");
const or = words("or", "||");
const and = words("and", "&&");
const not = words("not", "!");
const operator = words("==", "!=", "<", "<=", ">", ">=", "in", "contains", "starts_with", "ends_with", "under");
const matching = words("matches", "=~");
const boolean = words("true", "false");
const separating = words(":", "=");
const literal = either(["text", "number", "money", "duration", "size"], "true", "false", "nil", "null");
const scalar = either(["text", "number", "money", "duration", "size", "word", "deny_always", "loose_pattern"], "true", "false");
const glob = either(["text", "number", "word", "loose_pattern"]);
const member = either(["word", "reserved"]);
const key = either(["text", "number"]);

const sets = new Set([
  "effect", "when", "facet", "keyed_facet", "remark", "or", "and", "not", "operator", "matching", "boolean", "separating",
  "literal", "scalar", "glob", "member", "key",
]);
const tokens = { has: (name) => !sets.has(name) };
const node = (rule) => (children) => ({ rule, children });
%}

# --- statements

import       -> "import" %text                                       {% node("import") %}
              | "import" %text "as" name                             {% node("import") %}
include      -> "include" name                                       {% node("include") %}
block        -> %word %block                                         {% ([word, body]) => ({ rule: "block", children: [word, null, body] }) %}
              | %word pattern %block                                 {% node("block") %}
setting      -> name separator value                                 {% node("setting") %}
patterns     -> %word separator "[" pattern_items "]"                {% ([word, , , items]) => ({ rule: "patterns", children: [word, items] }) %}
              | %word separator pattern_run                          {% ([word, , items]) => ({ rule: "patterns", children: [word, items] }) %}
variable     -> "var" %word separator value                          {% ([, name, , value]) => ({ rule: "variable", children: [name, value] }) %}
redact       -> "redact" pattern "args" separator value              {% ([, pattern, , , value]) => ({ rule: "redact", children: [pattern, value] }) %}
rate_limit   -> "rate_limit" pattern separator %number "per" %word   {% ([, pattern, , count, , unit]) => ({ rule: "rate_limit", children: [pattern, count, unit] }) %}
cost         -> "cost" pattern separator amount                      {% ([, pattern, , amount]) => ({ rule: "cost", children: [pattern, amount] }) %}
amount       -> %money {% id %} | %number {% id %} | path            {% id %}
grant        -> "grant" name "to" name "max" %number                 {% node("grant") %}
              | "grant" name "to" name "max" %number "approval"      {% node("grant") %}
orchestrator -> "orchestrator" name                                  {% ([, name]) => ({ rule: "orchestrator", children: [name, null] }) %}
              | "orchestrator" name "undeclared" separator name      {% ([, name, , , effect]) => ({ rule: "orchestrator", children: [name, effect] }) %}
counter      -> "counter" %word separator pattern                    {% ([, name, , pattern]) => ({ rule: "counter", children: [name, pattern] }) %}
argument     -> name separator %word                                 {% ([name, , type]) => ({ rule: "argument", children: [name, type, null, null] }) %}
              | name separator %word "required"                      {% ([name, , type, required]) => ({ rule: "argument", children: [name, type, null, required] }) %}
              | name separator "enum" list                           {% ([name, , type, list]) => ({ rule: "argument", children: [name, type, list, null] }) %}
              | name separator "enum" list "required"                {% ([name, , type, list, required]) => ({ rule: "argument", children: [name, type, list, required] }) %}

# --- rules

rule    -> %effect pattern                                           {% ([effect, pattern]) => ({ rule: "rule", children: [effect, pattern, null] }) %}
         | %effect pattern clauses                                   {% node("rule") %}
clauses -> clause                                                    {% node("first") %}
         | clauses clause                                            {% node("more") %}
clause  -> %when condition                                           {% node("when") %}
         | %facet separator globs                                    {% ([facet, , globs]) => ({ rule: "facet", children: [facet, null, globs] }) %}
         | %keyed_facet %text separator globs                        {% ([facet, key, , globs]) => ({ rule: "facet", children: [facet, key, globs] }) %}
         | %remark separator %text                                   {% ([word, , text]) => ({ rule: "clause", children: [word, text] }) %}
         | "reeval" separator %boolean                               {% ([word, , value]) => ({ rule: "clause", children: [word, value] }) %}
globs   -> %glob {% id %} | list {% id %}

# --- conditions

condition   -> conjunction {% id %} | condition %or conjunction      {% node("or") %}
conjunction -> negation {% id %} | conjunction %and negation         {% node("and") %}
negation    -> predicate {% id %} | %not negation                    {% node("not") %}
predicate   -> operand {% id %}
             | "(" condition ")"                                     {% node("group") %}
             | operand %operator operand                             {% node("binary") %}
             | operand %matching pattern_text                        {% node("matches") %}
pattern_text -> %text {% id %} | %pattern_text {% id %} | path       {% id %}

operand -> path {% id %} | call {% id %} | %literal {% id %} | list  {% id %}

path   -> %word                                                      {% node("path") %}
        | path "." %member                                           {% ([path, , name]) => ({ rule: "step", children: [path, name] }) %}
        | path "[" %key "]"                                          {% ([path, , key]) => ({ rule: "step", children: [path, key] }) %}

call   -> callee "(" ")"                                             {% ([callee, , close]) => ({ rule: "call", children: [callee, null, close] }) %}
        | callee "(" arguments ")"                                   {% ([callee, , items, close]) => ({ rule: "call", children: [callee, items, close] }) %}
callee -> path {% id %} | "contains"                                 {% node("path") %}
arguments -> argument_value                                          {% node("first") %}
           | arguments "," argument_value                            {% ([list, , item]) => ({ rule: "more", children: [list, item] }) %}
argument_value -> operand {% id %} | %loose_pattern {% id %} | %pattern_text {% id %}
           | "matches" pattern_text                                  {% node("matching") %}
           | %word "=" operand                                       {% ([name, , value]) => ({ rule: "named", children: [name, value] }) %}

# --- values

value -> item {% id %} | list {% id %}
item  -> %scalar {% id %} | env {% id %}
env   -> "env" "(" %text ")"                                         {% node("env") %}
list  -> "[" "]"                                                     {% ([open, close]) => ({ rule: "list", children: [open, null, close] }) %}
       | "[" items "]"                                               {% node("list") %}
       | "[" items "," "]"                                           {% ([open, items, , close]) => ({ rule: "list", children: [open, items, close] }) %}
items -> item                                                        {% node("first") %}
       | items "," item                                              {% ([list, , item]) => ({ rule: "more", children: [list, item] }) %}

pattern_run   -> pattern                                             {% node("first") %}
               | pattern_run pattern                                 {% node("more") %}
               | pattern_run "," pattern                             {% ([list, , item]) => ({ rule: "more", children: [list, item] }) %}
pattern_items -> pattern                                             {% node("first") %}
               | pattern_items "," pattern                           {% ([list, , item]) => ({ rule: "more", children: [list, item] }) %}
pattern   -> %tool_pattern {% id %} | %text                          {% id %}
name      -> %word {% id %} | %text                                  {% id %}
separator -> null | %separating

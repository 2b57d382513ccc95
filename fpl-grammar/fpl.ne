# The grammar of FPL, normative for the shape of statements. One start symbol per form of statement; which forms may stand in which
# block, and which settings there are, is the table in blocks.ts. A block's body is one token here, `{ ... }`, and is parsed
# in its turn, statement by statement. GRAMMAR.md says how statements are told apart.
#
# Lists are left-recursive and build chains of `more` nodes, which are flattened once, for the parse that wins: an Earley parser
# completes a list at every prefix, so pushing in place would repeat items and copying would be quadratic.

@preprocessor module
@lexer tokens

@{%
const tokens = { has: () => true };
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
orchestrator -> "orchestrator" name "undeclared" separator name      {% ([, name, , , effect]) => ({ rule: "orchestrator", children: [name, effect] }) %}
counter      -> "counter" %word separator pattern                    {% ([, name, , pattern]) => ({ rule: "counter", children: [name, pattern] }) %}
argument     -> name separator %word                                 {% ([name, , type]) => ({ rule: "argument", children: [name, type, null, null] }) %}
              | name separator %word "required"                      {% ([name, , type, required]) => ({ rule: "argument", children: [name, type, null, required] }) %}
              | name separator "enum" list                           {% ([name, , type, list]) => ({ rule: "argument", children: [name, type, list, null] }) %}
              | name separator "enum" list "required"                {% ([name, , type, list, required]) => ({ rule: "argument", children: [name, type, list, required] }) %}

# --- rules

rule    -> effect pattern clauses                                    {% node("rule") %}
effect  -> "permit" {% id %} | "allow" {% id %} | "approve" {% id %}
         | "deny"   {% id %} | "block" {% id %} | "reject"  {% id %}
         | %deny_always {% id %} | "defer" {% id %}
clauses -> null                                                      {% node("none") %}
         | clauses clause                                            {% node("more") %}
clause  -> when condition                                            {% node("when") %}
         | facet separator glob                                      {% ([facet, , glob]) => ({ rule: "facet", children: [facet, null, glob] }) %}
         | keyed_facet %text separator glob                          {% ([facet, key, , glob]) => ({ rule: "facet", children: [facet, key, glob] }) %}
         | "notify" separator %text                                  {% ([word, , text]) => ({ rule: "clause", children: [word, text] }) %}
         | "reason" separator %text                                  {% ([word, , text]) => ({ rule: "clause", children: [word, text] }) %}
         | "reeval" separator boolean                                {% ([word, , value]) => ({ rule: "clause", children: [word, value] }) %}
when    -> "when" {% id %} | "if" {% id %}
facet   -> "host" {% id %} | "port" {% id %} | "method" {% id %} | "path" {% id %}
keyed_facet -> "query" {% id %} | "header" {% id %}
glob    -> %text {% id %} | %number {% id %} | %word {% id %} | %loose_pattern {% id %} | list {% id %}

# --- conditions

condition   -> disjunction {% id %}
disjunction -> conjunction {% id %} | disjunction or conjunction     {% node("or") %}
conjunction -> negation {% id %} | conjunction and negation          {% node("and") %}
negation    -> predicate {% id %} | not negation                     {% node("not") %}
predicate   -> operand {% id %}
             | "(" condition ")"                                     {% node("group") %}
             | operand comparison operand                            {% node("compare") %}
             | operand "in" operand                                  {% node("binary") %}
             | operand "contains" operand                            {% node("binary") %}
             | operand "starts_with" operand                         {% node("binary") %}
             | operand "ends_with" operand                           {% node("binary") %}
             | operand "under" operand                               {% node("binary") %}
             | operand "matches" pattern_text                        {% node("matches") %}
             | operand "=~" pattern_text                             {% node("matches") %}
or  -> "or"  {% id %} | "||" {% id %}
and -> "and" {% id %} | "&&" {% id %}
not -> "not" {% id %} | "!"  {% id %}
comparison   -> "==" {% id %} | "!=" {% id %} | "<" {% id %} | "<=" {% id %} | ">" {% id %} | ">=" {% id %}
pattern_text -> %text {% id %} | %pattern_text {% id %} | path       {% id %}

operand -> path {% id %} | call {% id %} | literal {% id %} | list   {% id %}
literal -> %text {% id %} | %number {% id %} | %money {% id %} | %duration {% id %} | %size {% id %} | boolean {% id %}
         | "nil" {% id %} | "null" {% id %}
boolean -> "true" {% id %} | "false" {% id %}

path   -> %word steps                                                {% node("path") %}
steps  -> null                                                       {% node("none") %}
        | steps step                                                 {% node("more") %}
step   -> "." %word {% ([, name]) => name %} | "." %reserved {% ([, name]) => name %}
        | "[" %text "]" {% ([, key]) => key %} | "[" %number "]"     {% ([, index]) => index %}

call      -> callee "(" ")"                                          {% ([callee, , close]) => ({ rule: "call", children: [callee, null, close] }) %}
           | callee "(" arguments ")"                                {% ([callee, , items, close]) => ({ rule: "call", children: [callee, items, close] }) %}
callee    -> %word                                                   {% node("callee") %}
           | %word "." %word                                         {% node("callee") %}
           | %word "." "contains"                                    {% node("callee") %}
           | "contains"                                              {% node("callee") %}
arguments -> argument_value                                          {% node("first") %}
           | arguments "," argument_value                            {% ([list, , item]) => ({ rule: "more", children: [list, item] }) %}
argument_value -> operand {% id %} | %loose_pattern {% id %} | %pattern_text {% id %}
           | "matches" pattern_text                                  {% node("matching") %}
           | %word "=" operand                                       {% ([name, , value]) => ({ rule: "named", children: [name, value] }) %}

# --- values

value  -> scalar {% id %} | list {% id %}
scalar -> %text {% id %} | %number {% id %} | %money {% id %} | %duration {% id %} | %size {% id %} | boolean {% id %}
        | %word {% id %} | %deny_always {% id %} | %loose_pattern {% id %} | env {% id %}
env    -> "env" "(" %text ")"                                        {% node("env") %}
list   -> "[" "]"                                                    {% ([open, close]) => ({ rule: "list", children: [open, null, close] }) %}
        | "[" items "]"                                              {% node("list") %}
        | "[" items "," "]"                                          {% ([open, items, , close]) => ({ rule: "list", children: [open, items, close] }) %}
items  -> scalar                                                     {% node("first") %}
        | items "," scalar                                           {% ([list, , item]) => ({ rule: "more", children: [list, item] }) %}

pattern_run   -> pattern                                             {% node("first") %}
               | pattern_run pattern                                 {% node("more") %}
               | pattern_run "," pattern                             {% ([list, , item]) => ({ rule: "more", children: [list, item] }) %}
pattern_items -> pattern                                             {% node("first") %}
               | pattern_items "," pattern                           {% ([list, , item]) => ({ rule: "more", children: [list, item] }) %}
pattern   -> %tool_pattern {% id %} | %text                          {% id %}
name      -> %word {% id %} | %text                                  {% id %}
separator -> null | ":" | "="

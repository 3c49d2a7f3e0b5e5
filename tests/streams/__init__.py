"""Faults of the published SDK around a turn, and the tests that would fail on them.

========================================================  ==============================================
what goes wrong there                                     shown by
========================================================  ==============================================
text that was seen is gone after a model's error          web/test_turns_production: text of a broken
                                                          connection
what was said is lost when the client leaves and the      parity/test_engine_differences: a store that
store waits, or the stream is closed at a `yield`         waits, closing; web/test_turns_stopped
a shutdown is recorded as the user's wish                 server/test_cancellation: the note blames
                                                          nobody; test_runner: interrupted turns
a lost client is noticed by some servers only             web/test_sse: whatever the ASGI version
context variables break when events are asked for         web/test_turns_production: one context,
by changing tasks, as with comments between them          stopped in its own context, comments between
a retry that fails takes the old answer with it           server/test_writer: old answer comes back
a retry of nothing is an empty stream                     web/test_turns_admission: refused before
                                                          the stream
an output needs its call to be the last item              parity/test_engine_differences: an output
                                                          finds its call; web/test_turns_admission:
                                                          input right after the end
a locked thread takes messages                            web/test_turns_admission: locked thread
two turns of a thread run into each other                 web/test_turns_admission: of many messages at
                                                          once
events of tools lose their order, tasks are left          agents/test_merge
late events vanish, and queues grow without end           agents/test_merge: after the end, tools wait;
                                                          web/test_turns_production: tools that flood
of a stopped answer only the text is kept                 web/test_turns_stopped: all that was shown
========================================================  ==============================================
"""

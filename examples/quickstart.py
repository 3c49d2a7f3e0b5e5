"""An agent with a tool of its own, behind the ready-made app.

    uvicorn examples.quickstart:app

With OPENAI_API_KEY or OPENAI_BASE_URL set, a model answers. Without, it is the built-in demo model, which
says so; `/find_order 1001` has it call the tool all the same.
"""

from agents import Agent, RunContextWrapper, function_tool

from chatkit_asgi import RequestContext, Settings, create_app
from chatkit_asgi.agents import AgentContext, DemoModel

ORDERS = {"1001": "two pairs of shoes, sent on Monday", "1002": "a hat, not paid yet"}


@function_tool
async def find_order(context: RunContextWrapper[AgentContext[RequestContext]], text: str) -> str:
    """Find an order by its number, which `text` holds."""
    await context.context.stream_progress(f"Looking for order {text}", icon="search")
    return f"Order {text}: {ORDERS.get(text.strip(), 'there is none of that number')}."


settings = Settings()
agent = Agent[AgentContext[RequestContext]](
    name="Shop assistant",
    instructions="You help customers of a small shop. Look orders up before you speak of them.",
    tools=[find_order],
    model=None if settings.has_model else DemoModel(),
)
app = create_app(settings, agent=agent)

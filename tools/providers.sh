# Sourced by tools/demo.sh and tests/loop.sh: a provider for each wire format, and keys that the mock server takes.

provider_of() {
    case $1 in
    anthropic-messages) echo anthropic ;;
    openai-chat) echo openai ;;
    openai-responses) echo openai-responses ;;
    gemini-generate) echo gemini ;;
    bedrock-converse) echo bedrock ;;
    ollama-chat) echo ollama-native ;;
    cohere-v2) echo cohere ;;
    *) echo "there is no provider for the wire format $1 in tools/providers.sh" >&2; return 1 ;;
    esac
}

set_keys() {
    export ANTHROPIC_API_KEY=demo OPENAI_API_KEY=demo GEMINI_API_KEY=demo COHERE_API_KEY=demo UITARS_API_KEY=demo
    export AWS_BEARER_TOKEN_BEDROCK=demo AWS_REGION=us-east-1
}

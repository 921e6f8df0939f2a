"""An echo bot as Microsoft's samples have it: CloudAdapter, botbuilder's own authentication, MSAL.

Two addresses are other than in the samples, where the keys of Teams are and where MSAL gets its
tokens: both are on this machine.
"""

from __future__ import annotations

import logging
import os

import requests
from aiohttp import web
from botbuilder.core import ActivityHandler, MessageFactory
from botbuilder.core.integration import aiohttp_error_middleware
from botbuilder.integration.aiohttp import CloudAdapter, ConfigurationBotFrameworkAuthentication
from botframework.connector.auth import (
    AuthenticationConstants,
    ChannelValidation,
    MicrosoftAppCredentials,
    PasswordServiceClientCredentialFactory,
)
from msal import ConfidentialClientApplication

LOGIN = AuthenticationConstants.TO_CHANNEL_FROM_BOT_LOGIN_URL_PREFIX.rstrip("/")


class Config:
    PORT = int(os.environ["PORT"])
    APP_ID = os.environ["MICROSOFT_APP_ID"]
    APP_PASSWORD = os.environ["MICROSOFT_APP_PASSWORD"]
    APP_TYPE = os.environ["MICROSOFT_APP_TYPE"]
    APP_TENANTID = os.environ["MICROSOFT_APP_TENANT_ID"]


class LocalLogin(requests.adapters.HTTPAdapter):
    """MSAL refuses an authority without TLS, so it believes to talk to Microsoft."""

    def send(self, request, **kwargs):
        request.url = request.url.replace(LOGIN, os.environ["TEAMS_LOGIN_URL"])
        return super().send(request, **kwargs)


class Credentials(MicrosoftAppCredentials):
    """The SDK's, with another HTTP session inside MSAL."""

    def get_access_token(self, force_refresh=False):
        if not self.app:
            session = requests.Session()
            session.mount(LOGIN, LocalLogin(max_retries=1))
            self.app = ConfidentialClientApplication(
                client_id=self.microsoft_app_id,
                client_credential=self.microsoft_app_password,
                authority=self.oauth_endpoint,
                http_client=session,
            )
        return super().get_access_token(force_refresh)


class CredentialFactory(PasswordServiceClientCredentialFactory):
    """As the SDK's: new credentials for each turn."""

    async def create_credentials(self, app_id, oauth_scope, login_endpoint, validate_authority):  # noqa: ARG002 - the SDK's signature
        return Credentials(app_id, self.password, self.tenant_id, oauth_scope)


class EchoBot(ActivityHandler):
    async def on_message_activity(self, turn_context):
        text = f"Echo: {turn_context.activity.text}"
        return await turn_context.send_activity(MessageFactory.text(text))


ChannelValidation.open_id_metadata_endpoint = os.environ["TEAMS_OPENID_METADATA_URL"]
CREDENTIALS = CredentialFactory(Config.APP_ID, Config.APP_PASSWORD, Config.APP_TENANTID)
ADAPTER = CloudAdapter(
    ConfigurationBotFrameworkAuthentication(Config, credentials_factory=CREDENTIALS)
)
BOT = EchoBot()


async def messages(request):
    return await ADAPTER.process(request, BOT)


APP = web.Application(middlewares=[aiohttp_error_middleware])
APP.router.add_post("/api/messages", messages)

if __name__ == "__main__":
    # A line for each field that the SDK's types do not know would be measured too.
    logging.getLogger("msrest.serialization").setLevel(logging.ERROR)
    web.run_app(APP, host="127.0.0.1", port=Config.PORT, access_log=None)

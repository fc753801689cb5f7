import { urlOfMedia } from '../content/media-url.ts';
import type { PublishContent } from '../port/content.ts';
import { businessName } from './api.ts';
import { BusinessOptions } from './options.ts';

const topics = { update: 'STANDARD', event: 'EVENT', offer: 'OFFER' } as const;

/** https://developers.google.com/my-business/reference/rest/v4/accounts.locations.localPosts, read 2026-11. */
export function localPostOf({ text, options, media }: PublishContent) {
  const { topic = 'update', event, offer, callToAction, language = 'en' } = BusinessOptions.parse(options);
  return {
    languageCode: language,
    summary: text,
    topicType: topics[topic],
    ...(callToAction === undefined ? {} : { callToAction: buttonOf(callToAction) }),
    ...(event === undefined ? {} : { event: eventOf(event) }),
    ...(offer === undefined ? {} : { offer: offerOf(offer) }),
    ...(media.length === 0
      ? {}
      : { media: media.map((item) => ({ mediaFormat: 'PHOTO', sourceUrl: urlOfMedia(item, businessName) })) }),
  };
}

function buttonOf({ type, url }: NonNullable<BusinessOptions['callToAction']>) {
  return { actionType: type.toUpperCase(), ...(url === undefined ? {} : { url }) };
}

function eventOf({ title, startDate, startTime, endDate, endTime }: NonNullable<BusinessOptions['event']>) {
  return {
    title,
    schedule: {
      startDate: dateOf(startDate),
      ...(startTime === undefined ? {} : { startTime: timeOf(startTime) }),
      endDate: dateOf(endDate),
      ...(endTime === undefined ? {} : { endTime: timeOf(endTime) }),
    },
  };
}

function offerOf({ couponCode, redeemUrl, terms }: NonNullable<BusinessOptions['offer']>) {
  return {
    ...(couponCode === undefined ? {} : { couponCode }),
    ...(redeemUrl === undefined ? {} : { redeemOnlineUrl: redeemUrl }),
    ...(terms === undefined ? {} : { termsConditions: terms }),
  };
}

function dateOf(date: string) {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  return { year, month, day };
}

function timeOf(time: string) {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return { hours, minutes };
}

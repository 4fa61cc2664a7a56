<?php
/**
 * Requests from wp-admin to igny8.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Admin;

use Igny8\Bridge\Events\Outbox;
use Igny8\Bridge\Pairing\Pairing;
use WP_Error;

/**
 * Sends signed requests to igny8 while a page in wp-admin waits for the response.
 */
final class Service {

	/** Timeout in seconds. Short, because a user is waiting. */
	const TIMEOUT = 4;

	/** Transient with the last error while igny8 is considered unreachable. */
	const DOWN = 'igny8_bridge_down';

	/** How long the page skips requests after igny8 did not respond, in seconds. */
	const DOWN_FOR = 30;

	/**
	 * Returns the host name of igny8, or null if the site is not paired.
	 */
	public static function host(): ?string {
		$pairing = Pairing::get();
		return $pairing ? (string) wp_parse_url( $pairing['events_url'], PHP_URL_HOST ) : null;
	}

	/**
	 * Sends a request and returns the decoded response. Errors say what to do next.
	 *
	 * @param string $path Last segment of the URL, for example overview.
	 * @param array  $body Body of the request.
	 * @param string $id   The webhook-id header. igny8 processes each ID once.
	 * @return array|WP_Error
	 */
	public static function request( string $path, array $body, string $id ) {
		$pairing = Pairing::get();
		if ( null === $pairing ) {
			return new WP_Error( 'igny8_not_paired', __( 'This site is not linked to igny8 yet.', 'igny8-bridge' ) );
		}
		// Only the overview is skipped while igny8 is unreachable. Actions are always sent.
		$down = 'overview' === $path ? get_transient( self::DOWN ) : false;
		if ( is_string( $down ) ) {
			return self::unreachable( $down );
		}
		$url     = preg_replace( '#events/$#', $path . '/', $pairing['events_url'] );
		$answer  = Outbox::post( $url, $id, (string) wp_json_encode( (object) $body ), self::TIMEOUT );
		$status  = (int) wp_remote_retrieve_response_code( $answer );
		$decoded = json_decode( wp_remote_retrieve_body( $answer ), true );
		if ( is_wp_error( $answer ) || $status >= 500 || ! is_array( $decoded ) ) {
			$cause = is_wp_error( $answer ) ? $answer->get_error_message() : "HTTP $status";
			set_transient( self::DOWN, $cause, self::DOWN_FOR );
			return self::unreachable( $cause );
		}
		delete_transient( self::DOWN );
		if ( 200 === $status ) {
			return $decoded;
		}
		if ( 401 === $status ) {
			return new WP_Error( 'igny8_refused', __( 'igny8 rejected the signature of this site. Check that the clock of this server is correct, then run the site check in igny8 or link the site again.', 'igny8-bridge' ) );
		}
		$detail = is_string( $decoded['detail'] ?? null ) ? $decoded['detail'] : "HTTP $status";
		return new WP_Error( 'igny8_refused', $detail );
	}

	/**
	 * Returns the error for an unreachable service.
	 *
	 * @param string $cause Technical cause.
	 */
	private static function unreachable( string $cause ): WP_Error {
		return new WP_Error(
			'igny8_unreachable',
			/* translators: 1: host name of igny8, 2: technical cause of the error. */
			sprintf( __( '%1$s is not responding (%2$s). This page shows the last known state. Try again later. Publishing continues without this page.', 'igny8-bridge' ), self::host(), $cause )
		);
	}
}
